"""What pruning reads of a data set, and whether it fits a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from tinyprune.errors import TinypruneError

if TYPE_CHECKING:
    import keras


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


def training_set(data: Samples | None, purpose: str, remedy: str) -> tuple[NDArray[np.float32], NDArray[Any]]:
    """The training samples and their labels. Raises TinypruneError, telling `purpose`, if either is missing."""
    if data is None or data.x_train is None or data.y_train is None:
        raise TinypruneError(f"{purpose} needs labelled training data (x_train and y_train)", remedy=remedy)
    return data.x_train, data.y_train


def check_samples(model: keras.Model, data: Samples | None) -> None:
    """Raises TinypruneError unless `data` is a data set whose samples, if any, are for the one input and the one output
    of `model`, each with its labels."""
    if data is None:
        return
    missing = [name for name in ("x_train", "y_train", "x_test", "y_test") if not hasattr(data, name)]
    if missing:
        raise TinypruneError(
            f"data of type {type(data).__name__} has no {', '.join(missing)}",
            remedy="give tinyprune.frontend.dataset.Dataset(x_train=..., y_train=...), or load_dataset('data.npz')",
        )
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise TinypruneError(
            f"model '{model.name}' has {len(model.inputs)} inputs and {len(model.outputs)} outputs",
            remedy="give a model with one of each, or prune it without data",
        )
    _check_counts(data.x_train, data.y_train, "train")
    _check_counts(data.x_test, data.y_test, "test")
    expected = tuple(model.inputs[0].shape[1:])
    for samples in (data.x_train, data.x_test):
        given = expected if samples is None else samples.shape[1:]
        if len(given) != len(expected) or any(e not in (None, g) for e, g in zip(expected, given, strict=True)):
            raise TinypruneError(
                f"model '{model.name}' takes {expected}, but the samples are {given}",
                remedy="give samples shaped (n, *input)",
            )


def _check_counts(samples: NDArray[np.float32] | None, labels: NDArray[Any] | None, name: str) -> None:
    """Raises TinypruneError where samples are not as many as their labels, or there are none at all."""
    if samples is None or labels is None or (len(samples) == len(labels) and len(samples)):
        return
    raise TinypruneError(
        f"x_{name} has {len(samples)} samples, but y_{name} has {len(labels)} labels",
        remedy="give at least one sample, and a label for each",
    )
