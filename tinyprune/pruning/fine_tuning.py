"""Fine-tuning under masks. Imports Keras and TensorFlow: import this module only once they are needed."""

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
from numpy.typing import NDArray

from tinyprune.errors import TinypruneError
from tinyprune.pruning.kernels import prunable_kernels
from tinyprune.pruning.mask_keeper import MaskKeeper
from tinyprune.pruning.tasks import accuracy, loss_for, task_of

if TYPE_CHECKING:
    from tinyprune.pruning.granularities import BoolArray
    from tinyprune.pruning.pruning import Progress, Samples
    from tinyprune.pruning.schedules import Step

LEARNING_RATE = 1e-3
LAST_LEARNING_RATE = LEARNING_RATE / 20
BATCH = 32


class FineTuning:
    """A copy of a model that trains under masks, compiled once for all steps."""

    def __init__(
        self,
        model: "keras.Model",
        data: "Samples | None",
        steps: "list[Step]",
        seed: int,
        progress: "Progress | None" = None,
    ) -> None:
        """Raises TinypruneError if `steps` train and `data` cannot be trained with."""
        make_deterministic(seed)
        check_samples(model, data)
        self._original = model
        self._data = data
        self._model = copy_of(model)
        self._keeper = MaskKeeper(self._model, {})
        self._reporter = _Reporter(progress, sum(step.epochs for step in steps))
        if any(step.epochs for step in steps):
            self._compile(*self._training_set())

    def kernels(self) -> dict[str, NDArray[np.float32]]:
        """The prunable kernels as they are now, by layer name."""
        return {name: np.asarray(kernel.numpy()) for name, kernel in prunable_kernels(self._model).items()}

    def run(self, step: "Step", masks: "Mapping[str, BoolArray]") -> dict[str, float]:
        """Masks the model, trains it for the step's epochs, and returns the last epoch's loss and the accuracy."""
        self._keeper.update(masks)
        self._reporter.label = f"{step.sparsity:.0%} sparse"
        figures: dict[str, float] = {}
        if step.epochs:
            figures["loss"] = self._fit(step.epochs)
        reached = self.accuracy()
        if reached is not None:
            figures["accuracy"] = reached
        return figures

    def accuracy(self) -> float | None:
        """The share of test samples that the model gets right; None without a labelled test set or for a regression."""
        data = self._data
        if data is None or data.x_test is None or data.y_test is None:
            return None
        outputs = self._model.predict(data.x_test, batch_size=256, verbose=0)
        return accuracy(task_of(self._model, data.y_test), outputs, data.y_test)

    def plain_model(self) -> "keras.Model":
        """An uncompiled copy of the original with the weights reached."""
        plain = copy_of(self._original)
        plain.set_weights(self._model.get_weights())
        return plain

    def _training_set(self) -> tuple[NDArray[np.float32], NDArray[Any]]:
        data = self._data
        if data is None or data.x_train is None or data.y_train is None:
            raise TinypruneError(
                "fine-tuning needs labelled training data (x_train and y_train)",
                remedy="give data, or prune with schedule 'one_shot', which can do without",
            )
        return data.x_train, data.y_train

    def _compile(self, x: NDArray[np.float32], y: NDArray[Any]) -> None:
        task = task_of(self._model, y)
        loss = compiled_loss(self._original) or loss_for(self._model, task)
        # compiling to XLA takes longer than such a small network trains
        self._model.compile(keras.optimizers.Adam(LEARNING_RATE), loss, jit_compile=False)
        try:
            self._model.compute_loss(x=x[:2], y=y[:2], y_pred=self._model(x[:2], training=False))
        except (ValueError, TypeError) as error:
            raise TinypruneError(
                f"the loss of model '{self._model.name}' refuses labels of shape {y.shape}: {error}",
                remedy="give labels for that loss, or save the model uncompiled to have one chosen",
            ) from error

    def _fit(self, epochs: int) -> float:
        x, y = self._training_set()
        callbacks = [self._keeper, self._reporter, keras.callbacks.LearningRateScheduler(_decay(epochs))]
        done = self._model.fit(x, y, batch_size=BATCH, epochs=epochs, verbose=0, callbacks=callbacks)
        return float(done.history["loss"][-1])


class _Reporter(keras.callbacks.Callback):
    """Counts epochs over all calls of `fit`."""

    def __init__(self, progress: "Progress | None", epochs: int) -> None:
        super().__init__()
        self.label = ""
        self._progress = progress
        self._epochs = epochs
        self._done = 0

    def on_epoch_end(self, epoch: int, logs: object = None) -> None:
        self._done += 1
        if self._progress:
            self._progress(f"fine-tuned epoch {self._done} of {self._epochs}, {self.label}", self._done / self._epochs)


def make_deterministic(seed: int) -> None:
    """Seeds Python, numpy and TensorFlow, and has TensorFlow use operators that give the same bits each time."""
    import tensorflow as tf

    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()


def check_samples(model: "keras.Model", data: "Samples | None") -> None:
    """Raises TinypruneError unless the model has one input and one output, and the samples have the input's shape."""
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise TinypruneError(
            f"model '{model.name}' has {len(model.inputs)} inputs and {len(model.outputs)} outputs",
            remedy="give a model with one of each",
        )
    expected = tuple(model.inputs[0].shape[1:])
    for samples in (data.x_train, data.x_test) if data else ():
        given = expected if samples is None else samples.shape[1:]
        if len(given) != len(expected) or any(e not in (None, g) for e, g in zip(expected, given, strict=True)):
            raise TinypruneError(
                f"model '{model.name}' takes {expected}, but the samples are {given}",
                remedy="give samples shaped (n, *input)",
            )


def copy_of(model: "keras.Model") -> "keras.Model":
    """An uncompiled model with the same layers, names and weights that shares nothing with `model`."""
    compiled = model.compiled
    try:
        # else Keras compiles the copy from a description, which fails for a loss of the user's own
        model.compiled = False
        copy = keras.models.clone_model(model)
    except (ValueError, TypeError, NotImplementedError) as error:
        raise TinypruneError(
            f"model '{model.name}' cannot be copied: {error}", remedy="give a Sequential or a functional Keras model"
        ) from error
    finally:
        model.compiled = compiled
    copy.set_weights(model.get_weights())
    return copy


def compiled_loss(model: "keras.Model") -> Any:
    """The loss that the model was compiled with, or None."""
    return model.loss if model.compiled else None


def _decay(epochs: int) -> Callable[[int, float], float]:
    """Falls from LEARNING_RATE to LAST_LEARNING_RATE along half a cosine (Loshchilov & Hutter, SGDR, 2017)."""
    span = LEARNING_RATE - LAST_LEARNING_RATE

    def rate(epoch: int, _current: float) -> float:
        turn = math.pi * epoch / max(1, epochs - 1)
        return LAST_LEARNING_RATE + span * (1 + math.cos(turn)) / 2

    return rate
