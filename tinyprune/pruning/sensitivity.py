"""How much accuracy each layer costs: pruned alone, in one shot, at one sparsity after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tinyprune.errors import TinypruneError
from tinyprune.granularity import full_name
from tinyprune.pruning.channels import graph_of
from tinyprune.pruning.choosing import Limits, check_seed, check_sparsity, layer_names
from tinyprune.pruning.granularities import named
from tinyprune.pruning.groups import BoolArray, Group, joined_masks
from tinyprune.pruning.plan import Plan, make_plan
from tinyprune.pruning.samples import Samples, check_samples, training_set
from tinyprune.pruning.schedules import Step
from tinyprune.pruning.stepping import Progress

if TYPE_CHECKING:
    import keras

    from tinyprune.pruning.fine_tuning import FineTuning

LEVELS = (0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
SAMPLES = 1000
ONCE = Step(1.0, 0)


@dataclass(frozen=True)
class Curve:
    """Accuracies (shares) of the model with `layer`, and the `layers` whose units go along, at each of `sparsities`.

    The first point is the model as it is, at sparsity 0. `weights` are those of the kernels of `layers`.
    """

    layer: str
    layers: tuple[str, ...]
    weights: int
    sparsities: tuple[float, ...]
    accuracies: tuple[float, ...]


@dataclass(frozen=True)
class Sensitivity:
    """`accuracy` is that of the model as it is, on `samples` samples of the training set.

    `granularity` is a full name (`granularity.full_name`). `levels` are the sparsities that were asked for; a curve's
    differ from them by less than a unit.
    """

    criterion: str
    granularity: str
    samples: int
    levels: tuple[float, ...]
    accuracy: float
    curves: tuple[Curve, ...]


@dataclass(frozen=True, eq=False)
class _Judged:
    """Training samples, some of which are what accuracy is measured on."""

    x_train: NDArray[np.float32] | None
    y_train: NDArray[Any] | None
    x_test: NDArray[np.float32] | None
    y_test: NDArray[Any] | None


def sensitivity(
    model: keras.Model,
    data: Samples,
    *,
    criterion: str = "magnitude",
    granularity: str = "element",
    sparsities: Sequence[float] | None = None,
    exclude: Sequence[str] = (),
    seed: int = 0,
    progress: Progress | None = None,
) -> Sensitivity:
    """The accuracy of `model` against the sparsity of each of its layers, of which one is pruned at a time.

    Nothing is fine-tuned: what a layer loses at once is the measure (Li et al., Pruning Filters for Efficient ConvNets,
    ICLR 2017, section 3.2). The accuracy is that on at most SAMPLES samples of the training set, so that a choice by it
    has not seen the test set. `sparsities` are LEVELS; an N:M pattern has but its own.

    Raises TinypruneError for what `prune` does, and where the labels are no classes.
    """
    fixed = named(granularity).sparsity
    levels = sorted(set(sparsities or ((fixed,) if fixed is not None else LEVELS)) - {0.0})
    if not levels:
        raise TinypruneError("no sparsity above 0 to measure", remedy=f"leave them out to have {LEVELS}")
    check_seed(seed)
    for level in levels:
        check_sparsity(level)
    graph_of(model)
    plan = make_plan(
        model, levels[-1], criterion, granularity, "uniform", "one_shot", 0, Limits(exclude=layer_names(exclude))
    )
    check_samples(model, data)
    x, y = training_set(data, "the measurement of sensitivity", "add x_train and y_train to the data")
    from tinyprune.pruning.fine_tuning import FineTuning  # imports Keras

    chosen = np.arange(min(SAMPLES, len(x))) * len(x) // min(SAMPLES, len(x))
    tuning = FineTuning(model, _Judged(x, y, x[chosen], y[chosen]), trains=True, rate=1e-3, seed=seed)
    whole = tuning.accuracy()
    if whole is None:
        raise TinypruneError(
            f"model '{model.name}' does not classify: it has no accuracy to lose",
            remedy="sensitivity needs labels that are classes",
        )
    return Sensitivity(
        criterion,
        full_name(granularity),
        len(chosen),
        tuple(levels),
        whole,
        tuple(_curves(tuning, plan, levels, whole, seed, progress)),
    )


def _curves(
    tuning: FineTuning, plan: Plan, levels: Sequence[float], whole: float, seed: int, progress: Progress | None
) -> list[Curve]:
    weights, kind = tuning.weights(), plan.method.criterion.evidence
    evidence = tuning.evidence(kind, plan.observed, 0, plan.sparsity) if kind else {}
    everything = {group.name: np.ones(group.units, np.bool_) for group in plan.groups}
    unmasked = joined_masks(plan.groups, everything)
    curves: list[Curve] = []
    for number, group in enumerate(plan.groups, 1):
        points = [(0.0, whole)]
        for level in levels:
            alone = replace(plan, groups=[group], targets={group.name: level})
            kept = alone.choose(ONCE, weights, evidence, everything, np.random.default_rng(seed))
            points.append((1 - float(kept[group.name].mean()), _accuracy(tuning, group, kept, unmasked)))
        curves.append(_curve(group, plan.groups, points))
        if progress:
            progress(f"pruned {group.layers[0]} alone, {number} of {len(plan.groups)}", number / len(plan.groups))
    return curves


def _accuracy(tuning: FineTuning, group: Group, kept: dict[str, BoolArray], unmasked: dict[str, BoolArray]) -> float:
    tuning.mask({**unmasked, **joined_masks([group], kept)}, rewind=True)
    accuracy = tuning.accuracy()
    assert accuracy is not None
    return accuracy


def _curve(group: Group, groups: Sequence[Group], points: Sequence[tuple[float, float]]) -> Curve:
    """Under the name of a layer that no other of `groups` has, so that its share can be told from theirs."""
    others = {layer for other in groups if other is not group for layer in other.layers}
    name = next((layer for layer in group.layers if layer not in others), group.layers[0])
    kernels = [one for one in group.members if one.scored and one.weight.endswith("kernel")]
    weights = {one.weight: int(np.prod(one.shape)) for one in kernels}
    sparsities, accuracies = zip(*points, strict=True)
    return Curve(name, group.layers, sum(weights.values()), sparsities, accuracies)
