"""How a sparsity is shared between groups: a scope gives each of them the number of units that it loses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Candidates:
    """The units of one group: their scores, the share that is to go, the most that may, and the kernel's shape."""

    scores: NDArray[np.float64]
    target: float
    most: int
    shape: tuple[int, ...]


Scope = Callable[[Mapping[str, Candidates]], dict[str, int]]


def uniform(groups: Mapping[str, Candidates]) -> dict[str, int]:
    """round(target * units) of each group, as far as its floors allow."""
    return {name: min(group.most, round(group.target * group.scores.size)) for name, group in groups.items()}


def across_layers(groups: Mapping[str, Candidates]) -> dict[str, int]:
    """The lowest scores of all groups together, as many as `uniform` would take; ties go to earlier groups.

    Large layers give up more than small ones. A group whose floor is reached leaves the rest to the others.
    """
    lowest = [np.sort(group.scores)[: group.most] for group in groups.values()]
    pooled = np.concatenate(lowest)
    owner = np.repeat(np.arange(len(groups)), [scores.size for scores in lowest])
    total = round(sum(group.target * group.scores.size for group in groups.values()))
    counts = np.bincount(owner[np.argsort(pooled, kind="stable")[:total]], minlength=len(groups))
    return {name: int(count) for name, count in zip(groups, counts, strict=True)}


def erk(groups: Mapping[str, Candidates]) -> dict[str, int]:
    """Density in proportion to sum(shape) / product(shape) of the kernel: large kernels lose a larger share.

    The Erdos-Renyi-kernel rule of Evci et al., Rigging the Lottery, ICML 2020: layers that would be denser than 1 stay
    whole, and the others make up for it.
    """
    whole: set[str] = set()
    kept = sum((1 - group.target) * group.scores.size for group in groups.values())
    while True:
        rest = {name: group for name, group in groups.items() if name not in whole}
        budget = kept - sum(groups[name].scores.size for name in whole)
        weight = {name: sum(group.shape) / np.prod(group.shape) for name, group in rest.items()}
        spread = sum(weight[name] * group.scores.size for name, group in rest.items())
        density = {name: weight[name] * budget / spread for name in rest}
        over = {name for name, value in density.items() if value > 1}
        if not over:
            break
        whole |= over
    wanted = {name: round((1 - density.get(name, 1.0)) * group.scores.size) for name, group in groups.items()}
    return {name: min(group.most, wanted[name]) for name, group in groups.items()}


@dataclass(frozen=True)
class ScopeRow:
    summary: str
    counts: Scope


SCOPES: dict[str, ScopeRow] = {
    "uniform": ScopeRow("the same share of each layer", uniform),
    "global": ScopeRow("the lowest scores of all layers together", across_layers),
    "erk": ScopeRow("large kernels lose a larger share (Erdos-Renyi-kernel)", erk),
    "per_layer": ScopeRow("shares by layer name or pattern; the others lose `sparsity`", uniform),
}
