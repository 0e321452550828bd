"""What a model is trained for, told from its output and its labels: the loss to fine-tune with, and the accuracy."""

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from tinyprune.errors import TinypruneError

if TYPE_CHECKING:
    import keras

Array = NDArray[Any]
Task = Literal["classes", "one-hot", "binary", "regression"]


def task_of(model: "keras.Model", labels: Array) -> Task:
    """What `labels` (n, ...) mean for the output of `model`. Raises TinypruneError if they do not match it.

    - `classes`: integers (n,) or (n, 1) for an output (n, c), each below c;
    - `one-hot`: rows of zeros and a one, shaped like the output;
    - `binary`: zeros and ones for sigmoid outputs;
    - `regression`: any other numbers shaped like the output (an autoencoder's input, for instance).
    """
    output = tuple(model.output_shape[1:])
    given = labels.shape[1:]
    if _are_classes(labels, output):
        return _checked_classes(labels, output[0])
    same_shape = given == output or (given == () and output == (1,))
    if not same_shape:
        raise TinypruneError(
            f"labels of shape {given} a sample do not match the model's output {output}",
            remedy="give integer classes (n,), one-hot rows shaped like the output, or targets shaped like it",
        )
    only_zeros_and_ones = bool(np.isin(labels, (0, 1)).all())
    if only_zeros_and_ones and output_activation(model) == "sigmoid":
        return "binary"
    one_class = len(output) == 1 and output != (1,) and bool((np.sum(labels, axis=-1) == 1).all())
    return "one-hot" if only_zeros_and_ones and one_class else "regression"


def loss_for(model: "keras.Model", task: Task) -> Any:
    """The Keras loss of `task`, from logits unless the model ends in the matching softmax or sigmoid."""
    import keras

    activation = output_activation(model)
    match task:
        case "classes":
            return keras.losses.SparseCategoricalCrossentropy(from_logits=activation != "softmax")
        case "one-hot":
            return keras.losses.CategoricalCrossentropy(from_logits=activation != "softmax")
        case "binary":
            return keras.losses.BinaryCrossentropy()
        case "regression":
            return keras.losses.MeanSquaredError()


def accuracy(task: Task, outputs: Array, labels: Array) -> float | None:
    """The share of right answers, 0 to 1; None for a regression."""
    match task:
        case "classes":
            return _share(np.argmax(outputs, axis=-1) == np.ravel(labels))
        case "one-hot":
            return _share(np.argmax(outputs, axis=-1) == np.argmax(labels, axis=-1))
        case "binary":
            return _share(np.rint(outputs) == np.reshape(labels, outputs.shape))
        case "regression":
            return None


def _share(right: NDArray[np.bool_]) -> float:
    return float(np.mean(right))


def output_activation(model: "keras.Model") -> str:
    """The name of the activation that the model ends with: 'softmax', 'sigmoid', ...; '' for none that Keras names."""
    last: Any = model
    while getattr(last, "layers", None):
        last = last.layers[-1]
    if type(last).__name__ == "Softmax":
        return "softmax"
    return str(getattr(getattr(last, "activation", None), "__name__", ""))


def _are_classes(labels: Array, output: tuple[int, ...]) -> bool:
    single = labels.shape[1:] in ((), (1,))
    return single and len(output) == 1 and output[0] > 1 and labels.dtype.kind in "biu"


def _checked_classes(labels: Array, classes: int) -> Task:
    lowest, highest = int(labels.min()), int(labels.max())
    if lowest < 0 or highest >= classes:
        raise TinypruneError(
            f"labels go from {lowest} to {highest}, but the model has {classes} outputs",
            remedy=f"number the classes 0 to {classes - 1}",
        )
    return "classes"
