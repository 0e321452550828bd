"""How a sparsity is shared between layers: a scope gives each layer the number of weights it loses."""

from collections.abc import Callable, Mapping

import numpy as np

from tinyprune.pruning.criteria import FloatArray

Scope = Callable[[Mapping[str, FloatArray], float], dict[str, int]]


def uniform(scores: Mapping[str, FloatArray], sparsity: float) -> dict[str, int]:
    """round(sparsity * size) weights of each layer."""
    return {name: round(sparsity * layer.size) for name, layer in scores.items()}


def across_layers(scores: Mapping[str, FloatArray], sparsity: float) -> dict[str, int]:
    """The round(sparsity * total) lowest scores of all layers together, counted by layer; ties go to earlier layers.

    Large layers give up more than small ones. Nothing stops a layer whose scores are all low from losing everything.
    """
    pooled = np.concatenate([layer.ravel() for layer in scores.values()])
    owner = np.repeat(np.arange(len(scores)), [layer.size for layer in scores.values()])
    lowest = np.argsort(pooled, kind="stable")[: round(sparsity * pooled.size)]
    counts = np.bincount(owner[lowest], minlength=len(scores))
    return {name: int(count) for name, count in zip(scores, counts, strict=True)}


SCOPES: dict[str, Scope] = {"uniform": uniform, "global": across_layers}
