"""Pruning of a Keras model: remove weights in the steps of a schedule, and fine-tune what is left."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from tinyprune.errors import TinypruneError, unknown_name
from tinyprune.pruning.criteria import CRITERIA, Criterion
from tinyprune.pruning.granularities import GRANULARITIES, BoolArray, Granularity
from tinyprune.pruning.kernels import KERNEL_OF, prunable_kernels
from tinyprune.pruning.schedules import SCHEDULES, Step
from tinyprune.pruning.scopes import SCOPES, Scope

if TYPE_CHECKING:
    import keras

    from tinyprune.pruning.fine_tuning import FineTuning

Progress = Callable[[str, float], None]
Row = TypeVar("Row")


class Samples(Protocol):
    """What pruning reads of a data set; `tinyprune.frontend.dataset.Dataset` is one."""

    @property
    def x_train(self) -> NDArray[np.float32] | None: ...
    @property
    def y_train(self) -> NDArray[Any] | None: ...
    @property
    def x_test(self) -> NDArray[np.float32] | None: ...
    @property
    def y_test(self) -> NDArray[Any] | None: ...


@dataclass(frozen=True)
class Method:
    """How weights are chosen: their scores, how many each layer loses, and what goes as one piece."""

    criterion: Criterion
    scope: Scope
    granularity: Granularity

    def masks(
        self, kernels: Mapping[str, NDArray[np.float32]], kept: Mapping[str, BoolArray], sparsity: float
    ) -> dict[str, BoolArray]:
        """For each kernel, True where a weight stays. What is not in `kept` any more scores lowest, so it stays out."""
        scores = {
            name: np.where(kept[name], self.criterion(kernel), np.float32(-np.inf)) for name, kernel in kernels.items()
        }
        counts = self.scope(scores, sparsity)
        return {name: self.granularity(scores[name], count) for name, count in counts.items()}


@dataclass(frozen=True, eq=False)
class PruningResult:
    """What `prune` did. Sparsities and accuracies are shares, 0 to 1.

    `sparsity` and `masks` (True where a weight stays, shaped like the kernel) are by layer name. `history` has one dict
    a step: step, sparsity, epochs, and, where they are known, loss and accuracy after it. The accuracies are those of
    the float model on the test set; None without labels, and for a regression.
    """

    sparsity: dict[str, float]
    masks: dict[str, BoolArray]
    history: list[dict[str, float]]
    accuracy_before: float | None
    accuracy_after: float | None


def prune(
    model: "keras.Model",
    data: Samples | None,
    sparsity: float,
    *,
    criterion: str = "magnitude",
    granularity: str = "element",
    scope: str = "uniform",
    schedule: str = "iterative",
    epochs: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> tuple["keras.Model", PruningResult]:
    """A copy of `model` without the share `sparsity` (0 to below 1) of its convolution and dense weights.

    Depthwise kernels and biases stay whole. The copy is a plain, uncompiled Keras model with exact zeros; `model` is
    not changed. The copy is fine-tuned with the loss that `model` was compiled with, else with one that fits its output
    and the labels, for `epochs` in all (None: the schedule's default). The same call gives the same weights: it seeds
    Python, numpy and TensorFlow with `seed`, and makes TensorFlow's operators deterministic for the rest of the
    process. `progress` is called with what was done and the share of the work behind it.

    Raises TinypruneError for an unknown name, a sparsity out of range, a model without anything to prune, missing
    training data, and labels that do not match the model's output.
    """
    if not 0 <= sparsity < 1:
        raise TinypruneError(f"sparsity {sparsity} is not in [0, 1)", remedy="0.8 removes 80 % of the weights")
    method = Method(
        criterion=_row("criterion", CRITERIA, criterion),
        scope=_row("scope", SCOPES, scope),
        granularity=_row("granularity", GRANULARITIES, granularity),
    )
    steps = _row("schedule", SCHEDULES, schedule)(sparsity, epochs)
    if not prunable_kernels(model):
        raise TinypruneError(
            f"model '{model.name}' has nothing to prune", remedy=f"pruned are the layers {', '.join(KERNEL_OF)}"
        )
    from tinyprune.pruning.fine_tuning import FineTuning  # imports Keras

    return _run(FineTuning(model, data, steps, seed, progress), method, steps)


def _run(tuning: "FineTuning", method: Method, steps: list[Step]) -> tuple["keras.Model", PruningResult]:
    before = tuning.accuracy()
    masks = {name: np.ones(kernel.shape, dtype=np.bool_) for name, kernel in tuning.kernels().items()}
    history: list[dict[str, float]] = []
    for number, step in enumerate(steps, start=1):
        masks = method.masks(tuning.kernels(), masks, step.sparsity)
        history.append({"step": number, "sparsity": step.sparsity, "epochs": step.epochs, **tuning.run(step, masks)})
    result = PruningResult(
        sparsity={name: 1 - float(mask.mean()) for name, mask in masks.items()},
        masks=masks,
        history=history,
        accuracy_before=before,
        accuracy_after=tuning.accuracy(),
    )
    return tuning.plain_model(), result


def _row(kind: str, registry: Mapping[str, Row], name: str) -> Row:
    if name not in registry:
        raise unknown_name(kind, name, registry)
    return registry[name]
