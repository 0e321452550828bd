"""What a model shows of its weights while it runs on data. Imports Keras and TensorFlow.

Each function gives, for each of `kernels` (variables by name), an array (k, *shape): k batches, or 1 for what a whole
training told; `sparsity` is what it is to be pruned to. None of them changes the model.
"""

from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from tinyprune.pruning.criteria import EvidenceKind
from tinyprune.pruning.groups import BoolArray, FloatArray
from tinyprune.pruning.mask_keeper import MaskKeeper
from tinyprune.pruning.schedules import cubic

BATCH = 32
GRADIENT_BATCHES = 16
TRAINING_STEPS = 100
TRAINING_RATE = 1e-3
GATE_RATE = 0.1
# the hard concrete distribution's temperature and stretch (Louizos et al., section 4)
TEMPERATURE, LOW, HIGH = 2 / 3, -0.1, 1.1
OPEN = 2.0  # where gates start: 0.88 of them are open

Kernels = Mapping[str, Any]
Batches = Iterator[tuple[Any, Any]]


def gradients(
    model: "keras.Model", kernels: Kernels, keeper: MaskKeeper, batches: Batches, sparsity: float
) -> dict[str, FloatArray]:
    """dL/dw of the mean loss of each batch, in inference mode, so that batch normalization stays as it is."""
    variables = [kernel.value for kernel in kernels.values()]

    @tf.function
    def observe(x: Any, y: Any) -> Any:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            for variable in variables:
                tape.watch(variable)
            loss = model.compute_loss(x=x, y=y, y_pred=model(x, training=False))
        return tape.gradient(loss, variables, unconnected_gradients="zero")

    found = [[np.asarray(g) for g in observe(*next(batches))] for _ in range(GRADIENT_BATCHES)]
    return {name: np.stack(batch) for name, batch in zip(kernels, zip(*found, strict=True), strict=True)}


def movement(
    model: "keras.Model", kernels: Kernels, keeper: MaskKeeper, batches: Batches, sparsity: float
) -> dict[str, FloatArray]:
    """Scores -sum of w * dL/dw' over TRAINING_STEPS steps of Adam, where w' is w under the mask of the best scores.

    The mask of each kernel gets sparser step by step, up to `sparsity`: the gradients are those of a network that lacks
    what is judged worst so far, and what it misses comes back (Sanh et al., section 4; the straight-through estimator).
    A network that has converged and lacks nothing has hardly any gradients to learn from.
    """
    gone = {name: np.asarray(kernel) == 0 for name, kernel in kernels.items()}
    scores = {name: np.where(absent, -np.inf, 0.0) for name, absent in gone.items()}
    with _restored(model):
        step = _training_step(model, kernels)
        for number in range(1, TRAINING_STEPS + 1):
            share = sparsity * cubic(number / TRAINING_STEPS, sparsity)
            before = {name: np.asarray(kernel) for name, kernel in kernels.items()}
            slopes = step(*next(batches), {name: _highest(score, share) for name, score in scores.items()})
            for name in kernels:
                scores[name] -= before[name] * slopes[name]
            keeper.apply()
    return {name: np.where(gone[name], 0, score).astype(np.float32)[None] for name, score in scores.items()}


def l1(
    model: "keras.Model", kernels: Kernels, keeper: MaskKeeper, batches: Batches, sparsity: float
) -> dict[str, FloatArray]:
    """The weights after TRAINING_STEPS steps of Adam, each followed by a soft threshold.

    All thresholds of a kernel together are its mean weight: about that much the loss has to hold against. Weights that
    end at zero are told apart by a millionth of what they were.
    """
    before = {name: np.asarray(kernel) for name, kernel in kernels.items()}
    thresholds = {name: np.abs(value).mean() / TRAINING_STEPS for name, value in before.items()}
    with _restored(model):
        step = _training_step(model, {})
        for _ in range(TRAINING_STEPS):
            step(*next(batches), {})
            for name, kernel in kernels.items():
                value = np.asarray(kernel)
                kernel.assign(np.sign(value) * np.maximum(np.abs(value) - thresholds[name], 0))
            keeper.apply()
        return {name: (np.abs(kernel) + 1e-6 * np.abs(before[name]))[None] for name, kernel in kernels.items()}


def l0(
    model: "keras.Model", kernels: Kernels, keeper: MaskKeeper, batches: Batches, sparsity: float
) -> dict[str, FloatArray]:
    """The locations (log alpha) of a hard concrete gate for each weight, after TRAINING_STEPS steps of Adam on them.

    The weights stay as they are. The loss has the mean probability of an open gate added to it.
    """
    gates = {id(kernel): keras.Variable(np.full(kernel.shape, OPEN, np.float32)) for kernel in kernels.values()}
    variables = list(gates.values())
    optimizer = keras.optimizers.Adam(GATE_RATE)
    optimizer.build(variables)
    random = tf.random.Generator.from_seed(0)

    def gated(weight: Any) -> Any:
        if id(weight) not in gates:
            return weight.value
        location = gates[id(weight)].value
        uniform = random.uniform(location.shape, 1e-6, 1 - 1e-6)
        soft = tf.sigmoid((tf.math.log(uniform / (1 - uniform)) + location) / TEMPERATURE)
        return weight.value * tf.cast(tf.clip_by_value(soft * (HIGH - LOW) + LOW, 0.0, 1.0), weight.dtype)

    @tf.function
    def train(x: Any, y: Any) -> None:
        with tf.GradientTape() as tape:
            trainable = [gated(weight) for weight in model.trainable_variables]
            constant = [gated(weight) for weight in model.non_trainable_variables]
            outputs, _ = model.stateless_call(trainable, constant, x, training=False)
            closing = TEMPERATURE * np.log(-LOW / HIGH)
            held = tf.concat([tf.reshape(tf.sigmoid(gate.value - closing), [-1]) for gate in variables], 0)
            loss = model.compute_loss(x=x, y=y, y_pred=outputs) + tf.reduce_mean(held)
        optimizer.apply(tape.gradient(loss, [gate.value for gate in variables]), variables)

    for _ in range(TRAINING_STEPS):
        train(*next(batches))
    return {name: np.asarray(gate)[None] for name, gate in zip(kernels, variables, strict=True)}


EVIDENCE: dict[EvidenceKind, Callable[["keras.Model", Kernels, MaskKeeper, Batches, float], dict[str, FloatArray]]] = {
    "gradients": gradients,
    "movement": movement,
    "l0": l0,
    "l1": l1,
}


def endless_batches(x: NDArray[Any], y: NDArray[Any], seed: int) -> Batches:
    """Batches of BATCH samples at random, every sample once before any comes again."""
    random = np.random.default_rng(seed)
    size = min(BATCH, len(x))
    while True:
        order = random.permutation(len(x))
        for start in range(0, len(x) - size + 1, size):
            chosen = order[start : start + size]
            yield tf.convert_to_tensor(x[chosen]), tf.convert_to_tensor(y[chosen])


def _training_step(model: "keras.Model", kernels: Kernels) -> Callable[..., dict[str, FloatArray]]:
    """A function that takes one step of Adam on a batch and returns the gradients of `kernels`, by name.

    Its third argument are masks of the kernels: the model computes, and learns, under them, and forgets nothing.
    """
    optimizer = keras.optimizers.Adam(TRAINING_RATE)
    weights = model.trainable_variables
    optimizer.build(weights)

    @tf.function
    def step(x: Any, y: Any, masks: Mapping[str, Any]) -> Any:
        whole = {name: tf.identity(kernels[name].value) for name in masks}
        for name, mask in masks.items():
            kernels[name].value.assign(tf.where(mask, whole[name], 0.0))
        with tf.GradientTape() as tape:
            loss = model.compute_loss(x=x, y=y, y_pred=model(x, training=True))
        slopes = tape.gradient(loss, [weight.value for weight in weights], unconnected_gradients="zero")
        found = {id(weight): slope for weight, slope in zip(weights, slopes, strict=True)}
        told = {name: found.get(id(kernel), tf.zeros(kernel.shape)) for name, kernel in kernels.items()}
        for name, mask in masks.items():
            kernels[name].value.assign(whole[name])
            found[id(kernels[name])] = tf.where(mask, told[name], 0.0)
        optimizer.apply([found[id(weight)] for weight in weights], weights)
        return told

    def taken(x: Any, y: Any, masks: Mapping[str, BoolArray]) -> dict[str, FloatArray]:
        return {name: np.asarray(slope) for name, slope in step(x, y, masks).items()}

    return taken


def _highest(scores: NDArray[np.float64], share: float) -> BoolArray:
    """True but for the share of the lowest; of equal ones the first go first."""
    kept = np.ones(scores.size, np.bool_)
    kept[np.argsort(scores, axis=None, kind="stable")[: round(share * scores.size)]] = False
    return kept.reshape(scores.shape)


@contextmanager
def _restored(model: "keras.Model") -> Generator[None]:
    before = [np.asarray(variable) for variable in model.variables]
    try:
        yield
    finally:
        for variable, value in zip(model.variables, before, strict=True):
            variable.assign(value)
