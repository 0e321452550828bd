"""Fine-tuning under masks. Imports Keras and TensorFlow: import this module only once they are needed."""

import math
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
from numpy.typing import NDArray

from tinyprune.errors import TinypruneError
from tinyprune.pruning.copying import copy_of
from tinyprune.pruning.distillation import distiller
from tinyprune.pruning.evidence import EVIDENCE, endless_batches
from tinyprune.pruning.mask_keeper import MaskKeeper
from tinyprune.pruning.samples import training_set
from tinyprune.pruning.tasks import accuracy, loss_for, task_of
from tinyprune.pruning.weights import weights_of

if TYPE_CHECKING:
    from tinyprune.pruning.criteria import EvidenceKind
    from tinyprune.pruning.groups import BoolArray, FloatArray
    from tinyprune.pruning.samples import Samples
    from tinyprune.pruning.schedules import Step

BATCH = 32
Arrays = dict[str, NDArray[Any]]


class FineTuning:
    """A copy of a model that trains under masks, compiled once for all steps."""

    def __init__(
        self,
        model: "keras.Model",
        data: "Samples | None",
        trains: bool,
        rate: float,
        seed: int,
        distillation: float = 0.0,
        teacher: "keras.Model | None" = None,
    ) -> None:
        """Raises TinypruneError if the model cannot be copied, or `trains` and `data` cannot be trained with."""
        make_deterministic(seed)
        self._original = model
        self._data = data
        self._rate = rate
        self._seed = seed
        self._model = copy_of(model)
        self._weights = weights_of(self._model)
        self._keeper = MaskKeeper(self._model, {})
        self._optimizer = keras.optimizers.Adam(rate)
        self._trained: Any = self._model  # or what trains it
        if trains:
            self._compile(distillation, model if teacher is None else teacher)
        self._anchor = self._variables()

    def weights(self) -> "dict[str, FloatArray]":
        """All weights as they are now, by name."""
        return {name: np.asarray(weight) for name, weight in self._weights.items()}

    def evidence(self, kind: "EvidenceKind", weights: list[str], step: int, sparsity: float) -> "dict[str, FloatArray]":
        """What `EVIDENCE[kind]` observes of the named weights; other samples in each step of the schedule.

        `sparsity` is what the step prunes to.
        """
        kernels = {name: self._weights[name] for name in weights}
        batches = endless_batches(*self._training_set(), seed=self._seed + step)
        return EVIDENCE[kind](self._model, kernels, self._keeper, batches, sparsity)

    def mask(self, masks: "Mapping[str, BoolArray]", *, rewind: bool) -> None:
        """Masks the model from now on; with `rewind`, what stays is set back to the anchor, and the optimizer too."""
        if rewind:
            for name, variable in self._state():
                variable.assign(self._anchor[name])
        self._keeper.update(masks)

    def drop_anchor(self) -> None:
        """Rewinding leads back to here."""
        self._anchor = self._variables()

    def train(self, step: "Step", epoch: int, number: int, ended: Callable[[float], None]) -> None:
        """Trains `step` from its epoch `epoch` on, the `number`th of all, and tells `ended` each epoch's loss."""
        x, y = self._training_set()
        rate = keras.callbacks.LearningRateScheduler(decay(self._rate, step))
        self._trained.fit(
            epochs_of(x, y, range(number, number + step.epochs - epoch), self._seed),
            steps_per_epoch=math.ceil(len(x) / BATCH),
            initial_epoch=epoch,
            epochs=step.epochs,
            verbose=0,
            shuffle=False,
            callbacks=[self._keeper, rate, _EpochEnd(ended)],
        )

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

    def save(self) -> Arrays:
        """Everything that later epochs depend on, by name."""
        anchor = {f"anchor:{name}": value for name, value in self._anchor.items()}
        return {**anchor, **{f"now:{name}": value for name, value in self._variables().items()}}

    def restore(self, saved: Arrays) -> None:
        """Goes on from what `save` gave."""
        for name, variable in self._state():
            variable.assign(saved[f"now:{name}"])
            self._anchor[name] = saved[f"anchor:{name}"]

    def _variables(self) -> Arrays:
        return {name: np.asarray(variable) for name, variable in self._state()}

    def _state(self) -> Iterator[tuple[str, Any]]:
        """The variables of the model, its random generators (those of dropout) and its optimizer."""
        metrics = {id(variable) for metric in self._model.metrics for variable in metric.variables}
        kept = [variable for variable in self._model.variables if id(variable) not in metrics]
        for place, variable in enumerate([*kept, *self._optimizer.variables]):
            yield str(place), variable

    def _training_set(self) -> tuple[NDArray[np.float32], NDArray[Any]]:
        remedy = "give data, or prune with schedule 'one_shot' by criterion 'magnitude', which can do without"
        return training_set(self._data, "fine-tuning", remedy)

    def _compile(self, distillation: float, teacher: "keras.Model") -> None:
        x, y = self._training_set()
        task = task_of(self._model, y)
        loss = compiled_loss(self._original) or loss_for(self._model, task)
        # compiling to XLA takes longer than such a small network trains
        self._model.compile(self._optimizer, loss, jit_compile=False)
        self._optimizer.build(self._model.trainable_variables)
        try:
            self._model.compute_loss(x=x[:2], y=y[:2], y_pred=self._model(x[:2], training=False))
        except (ValueError, TypeError) as error:
            raise TinypruneError(
                f"the loss of model '{self._model.name}' refuses labels of shape {y.shape}: {error}",
                remedy="give labels for that loss, or save the model uncompiled to have one chosen",
            ) from error
        if distillation:
            self._trained = distiller(copy_of(teacher), self._model, task, distillation)
            self._trained.compile(self._optimizer, loss, jit_compile=False)


class _EpochEnd(keras.callbacks.Callback):
    def __init__(self, ended: Callable[[float], None]) -> None:
        super().__init__()
        self._ended = ended

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float]) -> None:
        self._ended(float(logs["loss"]))


def make_deterministic(seed: int) -> None:
    """Seeds Python, numpy and TensorFlow, and has TensorFlow use operators that give the same bits each time."""
    import tensorflow as tf

    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()


def epochs_of(x: NDArray[Any], y: NDArray[Any], numbers: range, seed: int) -> Any:
    """Batches of the epochs `numbers`, one after another.

    The order in each is a function of its number and `seed`, so that it is the same whether or not the process ran the
    epochs before it.
    """
    import tensorflow as tf

    def batches(number: Any) -> Any:
        order = tf.random.experimental.stateless_shuffle(tf.range(len(x)), [seed, number])
        chosen = tf.data.Dataset.from_tensor_slices(order).batch(BATCH)
        return chosen.map(picked)

    def picked(places: Any) -> Any:
        return tf.gather(samples, places), tf.gather(labels, places)

    samples, labels = tf.constant(x), tf.constant(y)
    return tf.data.Dataset.range(numbers.start, numbers.stop).flat_map(batches)


def compiled_loss(model: "keras.Model") -> Any:
    """The loss that the model was compiled with, or None."""
    return model.loss if model.compiled else None


def decay(rate: float, step: "Step") -> Callable[[int, float], float]:
    """Falls from `rate` to the step's share of it along half a cosine (Loshchilov & Hutter, SGDR, 2017)."""
    span = rate * (1 - step.last_rate)

    def now(epoch: int, _current: float) -> float:
        turn = math.pi * epoch / max(1, step.epochs - 1)
        return rate * step.last_rate + span * (1 + math.cos(turn)) / 2

    return now
