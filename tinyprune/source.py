"""A model file and its data, made ready: pruned where asked, quantized, imported. Shared by all variants of a build."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from tinyprune import edges, reference
from tinyprune.errors import TinypruneError
from tinyprune.frontend import tflite_import
from tinyprune.frontend.dataset import Dataset, load_dataset
from tinyprune.granularity import check_fixed_sparsity, full_name
from tinyprune.ir import Graph, Int8
from tinyprune.passes.prune_weights import check_granularity, prune_weights
from tinyprune.passes.verify import verify
from tinyprune.pruning.granularities import named


class Say(Protocol):
    """Is told each step of a job as it starts; a transient text only tells how far the step is."""

    def __call__(self, text: str, *, transient: bool = False) -> None: ...


KERAS_SUFFIXES = (".keras", ".h5")
ITERATIVE, ONE_SHOT, ONE_SHOT_INT8 = "iterative", "one-shot", "one-shot-int8"
SATURATED = 512.0  # no int8 is so far from its zero point
CHUNK = 64  # samples that the reference runs at once: bounds its memory


@dataclass(frozen=True, eq=False)
class Source:
    """`tflite` is the int8 file; `graph` is it, imported and verified, one-shot pruned where `pruning` says so."""

    path: str
    sha256: str
    tflite: bytes
    graph: Graph
    dataset: Dataset | None
    sparsity: float
    granularity: str
    pruning: str | None


def prepare(model: Path, data: str | None, sparsity: float, granularity: str, say: Say) -> Source:
    """Reads, prunes and quantizes `model` (.keras, .h5 or int8 .tflite); says what it does."""
    if not 0 <= sparsity < 1:
        raise TinypruneError(f"sparsity {sparsity} is not a share of zeros", remedy="it must be in [0, 1)")
    if not model.is_file():
        raise TinypruneError(f"there is no model file {model}", remedy="give a .keras, .h5 or int8 .tflite file")
    if model.suffix not in (*KERAS_SUFFIXES, ".tflite"):
        raise TinypruneError(f"{model} is not a model file that tinyprune reads", remedy="known: .keras, .h5, .tflite")
    digest = hashlib.sha256(model.read_bytes()).hexdigest()
    dataset = load_dataset(data) if data else None
    granularity = full_name(granularity)
    check_fixed_sparsity(granularity, sparsity)
    keras = model.suffix in KERAS_SUFFIXES
    if keras:
        tflite, pruning = _from_keras(model, dataset, sparsity, granularity, say)
    else:
        tflite, pruning = _from_tflite(model, sparsity, granularity, say)
    graph = import_pruned(tflite, model.stem, sparsity, granularity, pruning)
    if dataset is not None:
        check_one_input(graph)
    return Source(str(model), digest, tflite, graph, dataset, sparsity, granularity, pruning)


def import_pruned(tflite: bytes, name: str, sparsity: float, granularity: str, pruning: str | None) -> Graph:
    """The graph of an int8 file, verified, and one-shot pruned where `pruning` says that it was done on int8."""
    graph = verify(tflite_import.import_tflite(tflite, name))
    return verify(prune_weights(graph, sparsity, granularity)) if pruning == ONE_SHOT_INT8 else graph


def _from_tflite(model: Path, sparsity: float, granularity: str, say: Say) -> tuple[bytes, str | None]:
    check_granularity(granularity, sparsity)
    if not sparsity:
        return model.read_bytes(), None
    say(f"pruning the int8 weights to {sparsity:.0%} by magnitude, in one shot: accuracy was not looked after")
    return model.read_bytes(), ONE_SHOT_INT8


def _from_keras(
    model: Path, dataset: Dataset | None, sparsity: float, granularity: str, say: Say
) -> tuple[bytes, str | None]:
    if dataset is None:
        raise TinypruneError(
            f"{model} must be quantized, and that needs samples to calibrate with",
            remedy="give --data FILE.npz with x_train or x_test (or module:function), or an int8 .tflite file",
        )
    named(granularity)
    return keras_to_tflite(model, dataset, sparsity, granularity, say)


def keras_to_tflite(
    model: Path, dataset: Dataset, sparsity: float, granularity: str, say: Say
) -> tuple[bytes, str | None]:
    """The Keras model as int8 `.tflite`, pruned to `sparsity`, and how it was pruned. Imports TensorFlow."""
    say("loading TensorFlow")
    from tinyprune.frontend.keras_model import load_keras_model
    from tinyprune.frontend.quantize import quantize

    keras_model = load_keras_model(model)
    pruning = None
    if sparsity:
        from tinyprune.pruning import prune

        trains = dataset.x_train is not None and dataset.y_train is not None
        pruning = ITERATIVE if trains else ONE_SHOT
        how = (
            "with fine-tuning" if trains else "in one shot, as there is no training data: accuracy was not looked after"
        )
        say(f"pruning to {sparsity:.0%} by magnitude, {how}")
        schedule = "iterative" if trains else "one_shot"
        keras_model, _ = prune(
            keras_model,
            dataset,
            sparsity,
            granularity=granularity,
            schedule=schedule,
            progress=lambda text, _: say(text, transient=True),
        )
    say("quantizing to int8")
    return quantize(keras_model, dataset.calibration()), pruning


def check_one_input(graph: Graph) -> None:
    """Raises TinypruneError where a data set, which has samples of one array, cannot be for `graph`."""
    if len(graph.inputs) != 1:
        raise TinypruneError(
            f"{graph.name} has {len(graph.inputs)} inputs ({', '.join(edges.labels(graph.inputs))}); data is for one",
            remedy="leave --data out: random inputs are used; `tinyprune run --input FILE.npz` takes yours",
        )


def quantize_inputs(graph: Graph, x: NDArray[np.floating]) -> Int8:
    """Real inputs (n, ...) as the int8 ones of a model of one input, by the float32 arithmetic of TFLM's QUANTIZE.

    Its `AffineQuantize`: divide, round half away from zero, add the zero point, saturate.
    """
    check_one_input(graph)
    tensor = graph.tensors[graph.inputs[0]]
    if int(np.prod(x.shape[1:])) != tensor.size:
        raise TinypruneError(
            f"the data has samples of shape {list(x.shape[1:])}, the model takes {list(tensor.shape[1:])}"
        )
    with np.errstate(over="ignore"):
        scaled = np.clip(x.astype(np.float32) / np.float32(tensor.scale), -SATURATED, SATURATED)
    below = np.trunc(scaled)
    away = np.abs(scaled - below) >= 0.5  # the difference is exact, a sum with 0.5 would not be
    rounded = below + np.where(away, np.sign(scaled), 0) + tensor.zero_point
    return np.clip(rounded, -128, 127).astype(np.int8).reshape(-1, *tensor.shape[1:])


def accuracy(graph: Graph, dataset: Dataset | None) -> float | None:
    """The share of test samples whose largest output is their label, by the int8 reference; None without `_labels`."""
    labels = _labels(graph, dataset)
    if labels is None or dataset is None or dataset.x_test is None:
        return None
    inputs = quantize_inputs(graph, dataset.x_test)
    chunks = [reference.output(graph, inputs[i : i + CHUNK]) for i in range(0, len(inputs), CHUNK)]
    return share_right(np.concatenate(chunks), labels)


def _labels(graph: Graph, dataset: Dataset | None) -> NDArray[Any] | None:
    """Those of the test samples; None where there are none, or several outputs that they could be for."""
    return dataset.y_test if dataset is not None and len(graph.outputs) == 1 else None


def share_right(outputs: Int8, labels: NDArray[Any] | None) -> float | None:
    """The share of `outputs` (n, ...) whose largest element is their label; None where the labels do not say."""
    if labels is None:
        return None
    scores, truth = outputs.reshape(len(outputs), -1), np.asarray(labels, np.float64)
    if truth.ndim > 1 and truth.shape[-1] == scores.shape[1]:
        truth = truth.argmax(-1)
    if truth.size != len(scores):
        return None
    right = scores.argmax(-1) == np.reshape(truth, -1)
    return np.count_nonzero(right) / len(right)


@dataclass(frozen=True, eq=False)
class Samples:
    """int8 `inputs` as `edges` has them, their labels where there are any, and where they come from in words."""

    inputs: Int8
    labels: NDArray[Any] | None
    origin: str


def samples(graph: Graph, dataset: Dataset | None, count: int, seed: int) -> Samples:
    """At most `count` test samples, picked at random by `seed`, in their order; else `count` random inputs."""
    if count < 1:
        raise TinypruneError(f"{count} inputs are too few", remedy="give --inputs 1 or more")
    random = np.random.default_rng(seed)
    if dataset is None or dataset.x_test is None:
        return Samples(_random_inputs(graph, count, random), None, f"random, seed {seed}")
    total = len(dataset.x_test)
    picked = np.sort(random.choice(total, min(count, total), replace=False))
    labels = _labels(graph, dataset)
    picked_labels = None if labels is None else labels[picked]
    return Samples(quantize_inputs(graph, dataset.x_test[picked]), picked_labels, f"from x_test ({total:,} samples)")


def checked_inputs(graph: Graph, dataset: Dataset | None, count: int, seed: int) -> Int8:
    """The inputs on which the firmware is compared with the reference: seeded test samples, else random ones.

    The first of them is compiled into the firmware.
    """
    random = np.random.default_rng(seed)
    if dataset is not None and dataset.x_test is not None and len(dataset.x_test) >= count:
        picked = np.sort(random.choice(len(dataset.x_test), count, replace=False))
        return quantize_inputs(graph, dataset.x_test[picked])
    return _random_inputs(graph, count, random)


def _random_inputs(graph: Graph, count: int, random: np.random.Generator) -> Int8:
    return random.integers(-128, 128, (count, *edges.shape(graph, graph.inputs)), np.int8)
