"""Pruning of a Keras model: remove weights in the steps of a schedule, and fine-tune what is left."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tinyprune.errors import TinypruneError
from tinyprune.pruning.channels import graph_of
from tinyprune.pruning.checkpoint import Checkpoint, State, call_of
from tinyprune.pruning.choosing import Limits, check_seed, layer_names
from tinyprune.pruning.groups import BoolArray, joined_masks
from tinyprune.pruning.plan import Plan, make_plan
from tinyprune.pruning.samples import Samples, check_samples, training_set
from tinyprune.pruning.stepping import Progress, Stepping
from tinyprune.pruning.weights import kernel_name, layers_of

if TYPE_CHECKING:
    import keras

    from tinyprune.pruning.fine_tuning import FineTuning

LEARNING_RATE = 1e-3


@dataclass(frozen=True, eq=False)
class PruningResult:
    """What `prune` did. Sparsities and accuracies are shares, 0 to 1.

    `sparsity` is by layer, the share of its kernel that is gone. `masks` are by weight name (`conv/kernel`), shaped as
    the weight was in the model given, True where an element stays. `kept` is, by group, how many units stay and how
    many there were. `history` has one dict a step: step, sparsity, epochs, and, where they are known, loss and accuracy
    after it. The accuracies are those of the float model on the test set; None without labels, and for a regression.
    """

    sparsity: dict[str, float]
    masks: dict[str, BoolArray]
    kept: dict[str, tuple[int, int]]
    history: list[dict[str, float]]
    parameters_before: int
    parameters_after: int
    accuracy_before: float | None
    accuracy_after: float | None


def prune(
    model: keras.Model,
    data: Samples | None = None,
    sparsity: float | None = None,
    *,
    criterion: str = "magnitude",
    granularity: str = "element",
    scope: str = "uniform",
    schedule: str = "iterative",
    epochs: int | None = None,
    learning_rate: float = LEARNING_RATE,
    distillation: float = 0.0,
    teacher: keras.Model | None = None,
    min_density: float = 0.0,
    min_channels: int = 1,
    round_to: int = 1,
    exclude: Sequence[str] = (),
    layers: Mapping[str, float] | None = None,
    seed: int = 0,
    checkpoint: str | Path | None = None,
    progress: Progress | None = None,
) -> tuple[keras.Model, PruningResult]:
    """A copy of `model` without the share `sparsity` (0 to below 1) of its weights, channels, heads or blocks.

    Pruned are the kernels of convolutions and dense layers; depthwise kernels and biases stay whole, unless their
    channel goes. The copy is a plain, uncompiled Keras model: with exact zeros, or, where the granularity removes
    channels, heads or layers, smaller. `model` is not changed. Granularity `n_m` fixes the sparsity: leave it out.

    The copy is fine-tuned with the loss that `model` was compiled with, else with one that fits its output and the
    labels, by Adam at `learning_rate`, for `epochs` in all (None: the schedule's default). The share `distillation` of
    the loss is the distance to what `teacher` answers, which is `model` itself if none is given. `min_density` to
    `layers` are the fields of `Limits`.

    The same call gives the same weights: it seeds Python, numpy and TensorFlow with `seed`, and makes TensorFlow's
    operators deterministic for the rest of the process. With a `checkpoint` file, a call that was killed goes on from
    the last epoch that it finished. `progress` is called with what was done and the share of the work behind it.

    Raises TinypruneError for an unknown name, a number out of range, a model without anything to prune, missing
    training data, and labels that do not match the model's output.
    """
    limits = Limits(min_density, min_channels, round_to, layer_names(exclude), dict(layers or {}))
    graph_of(model)
    check_seed(seed)
    check_training(learning_rate, distillation)
    plan = make_plan(model, sparsity, criterion, granularity, scope, schedule, epochs, limits)
    check_samples(model, data)
    if plan.method.criterion.evidence:
        training_set(data, f"criterion '{criterion}'", "give data, or take criterion 'magnitude', which needs none")
    from tinyprune.pruning.fine_tuning import FineTuning  # imports Keras

    tuning = FineTuning(model, data, plan.trains, learning_rate, seed, distillation, teacher)
    before = tuning.accuracy()
    stepping = Stepping(tuning, plan, seed, progress)
    if checkpoint is not None:
        options = {"learning rate": learning_rate, "distillation": distillation, "seed": seed}
        taught_by = {f"teacher {i}": weight for i, weight in enumerate(teacher.get_weights() if teacher else ())}
        call = call_of({"plan": plan.description, **options}, {**tuning.weights(), **taught_by}, data)
        stepping.continue_from(Checkpoint(Path(checkpoint), call))
    return _result(model, tuning, plan, stepping.finish(), before)


def check_training(learning_rate: float = LEARNING_RATE, distillation: float = 0.0) -> None:
    """Raises TinypruneError for a number out of range."""
    if not 0 < learning_rate < math.inf:
        raise TinypruneError(f"learning rate {learning_rate} is not above 0", remedy=f"{LEARNING_RATE} is the default")
    if not 0 <= distillation <= 1:
        raise TinypruneError(f"distillation {distillation} is not in [0, 1]", remedy="0.5 is a good start")


def _result(
    model: keras.Model, tuning: FineTuning, plan: Plan, reached: State, before: float | None
) -> tuple[keras.Model, PruningResult]:
    masks = joined_masks(plan.groups, reached.kept)
    pruned = tuning.plain_model()
    after = tuning.accuracy()
    if plan.method.units.row.shrink:
        pruned = plan.method.units.row.shrink(pruned, masks)
    kernels = {name: f"{name}/{kernel_name(layer)}" for name, layer in layers_of(model).items()}
    return pruned, PruningResult(
        sparsity={name: 1 - float(masks[kernel].mean()) for name, kernel in kernels.items() if kernel in masks},
        masks=masks,
        kept={group.name: (int(reached.kept[group.name].sum()), group.units) for group in plan.groups},
        history=reached.history,
        parameters_before=model.count_params(),
        parameters_after=pruned.count_params(),
        accuracy_before=before,
        accuracy_after=after,
    )
