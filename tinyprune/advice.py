"""What pruning would bring on a board, before anything is trained: the candidates of masked weights, measured.

Weights are removed by magnitude, without data and at once: that says nothing about accuracy. A Keras model is pruned as
`tinyprune.prune` does it. Of an int8 file, in which batch normalization is folded into the weights, channels go from
the end: which ones stay matters little for what they take.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinyprune import board as boards
from tinyprune import ir, toolchain
from tinyprune.errors import TinypruneError, unknown_name
from tinyprune.frontend.dataset import Dataset, load_dataset
from tinyprune.granularity import check_fixed_sparsity, full_name
from tinyprune.ir import Graph, Weighted
from tinyprune.lowering import CLEARLY, Chooser
from tinyprune.passes.candidates import Cost
from tinyprune.passes.choice_program import measures
from tinyprune.passes.choose import Goal, cost_of, total
from tinyprune.passes.plan_memory import activations_alive
from tinyprune.passes.prune_channels import prune_channels
from tinyprune.passes.prune_weights import GRANULARITIES, RUNS, prune_weights
from tinyprune.pruning.choosing import check_sparsity
from tinyprune.source import KERAS_SUFFIXES, Say, checked_inputs, import_pruned, prepare

CHANNEL, DENSE, WHOLE = "channel", "dense", "none"
TYPICAL = (
    ("element", 0.5),
    ("element", 0.8),
    ("element", 0.9),
    ("n_m:2:4", 0.5),
    ("block:4x1", 0.8),
    ("block:2x2", 0.8),
    (CHANNEL, 0.5),
)
"""Granularities and sparsities that fine-tuning usually recovers from."""
CALIBRATION_SAMPLES = 8  # where there is no data: only ranges come from them, and costs do not depend on these
SEED = 0


@dataclass(frozen=True)
class Figures:
    """Of a layer, or of the whole firmware: bytes, and instructions and cycles of an inference where they are known.

    The SRAM of a layer is what is alive in its step with its scratch; its flash leaves out code that layers share.
    """

    cycles: int | None
    instructions: int | None
    flash_bytes: int
    sram_bytes: int

    @property
    def unit(self) -> str:
        """What `amount` counts: cycles; where they are not known instructions, else bytes of flash."""
        known = (self.cycles is not None, self.instructions is not None)
        return "cycles" if known[0] else "instructions" if known[1] else "bytes of flash"

    @property
    def amount(self) -> int:
        work = self.instructions if self.cycles is None else self.cycles
        return self.flash_bytes if work is None else work


@dataclass(frozen=True)
class LayerAdvice:
    """What a layer takes in its best `format`; `reason` says why that is no gain, and is empty where it is one."""

    name: str
    operator: str
    format: str
    figures: Figures
    reason: str


@dataclass(frozen=True)
class Option:
    granularity: str
    sparsity: float
    total: Figures
    layers: tuple[LayerAdvice, ...]


@dataclass(frozen=True)
class Advice:
    """`unpruned` is the model as it is; each of `options` has a row for each of its layers."""

    model: str
    board: str
    toolchain: str
    unpruned: Option
    options: tuple[Option, ...]

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=2) + "\n"


def _silent(text: str, *, transient: bool = False) -> None:
    pass


def advise(
    model: str | Path,
    board: str,
    *,
    data: str | None = None,
    options: Sequence[tuple[str, float]] = TYPICAL,
    toolchain_name: str | None = None,
    say: Say = _silent,
) -> Advice:
    """What each of `options`, a granularity and a sparsity, would save of `model` (.keras, .h5, int8 .tflite).

    Every layer's candidates are compiled and emulated as for `build`, once for each option. Without `data` a Keras
    model is quantized by random samples. Raises TinypruneError for what `build` does.
    """
    wanted = [_checked(name, sparsity) for name, sparsity in options]
    on, tools = boards.load(board), toolchain.find(toolchain_name)
    subject = _subject(Path(model), data, say)
    graph = subject.graph
    sample = checked_inputs(graph, subject.dataset, 1, SEED)[0]

    def measured(variant: Graph) -> Chooser:
        return Chooser.of(variant, sample, on, tools, emulated=True, goal=Goal(), say=say)

    whole = measured(graph)
    unpruned = _option((WHOLE, 0.0), whole, {})
    before = {layer.name: layer for layer in unpruned.layers}
    found: list[Option] = []
    for granularity, sparsity in wanted:
        say(f"{granularity} {sparsity:.0%}")
        found.append(_option((granularity, sparsity), measured(subject.pruned(granularity, sparsity)), before))
    return Advice(str(model), on.name, f"{tools.name} {tools.version}", unpruned, tuple(found))


def _checked(granularity: str, sparsity: float) -> tuple[str, float]:
    """An option with the granularity's full name. Raises TinypruneError where there is none such."""
    name = full_name(granularity)
    check_sparsity(sparsity)
    if name not in (CHANNEL, *GRANULARITIES):
        raise unknown_name("granularity", granularity, (CHANNEL, *GRANULARITIES))
    check_fixed_sparsity(name, sparsity)
    return name, sparsity


@dataclass(frozen=True, eq=False)
class _Subject:
    """The model as it is, and, where it came as one, its Keras model and samples to quantize that with."""

    graph: Graph
    dataset: Dataset | None
    keras: Any = None
    calibration: Any = None

    def pruned(self, granularity: str, sparsity: float) -> Graph:
        if self.keras is not None and granularity not in RUNS:  # N:M goes row by row: the same in the int8 weights
            return self._pruned_keras(granularity, sparsity)
        if granularity == CHANNEL:
            return prune_channels(self.graph, sparsity)
        return prune_weights(self.graph, sparsity, granularity)

    def _pruned_keras(self, granularity: str, sparsity: float) -> Graph:
        from tinyprune.frontend.quantize import quantize
        from tinyprune.pruning import prune

        model, _ = prune(self.keras, None, sparsity, granularity=granularity, schedule="one_shot")
        return import_pruned(quantize(model, self.calibration), self.graph.name, 0.0, "element", None)


def _subject(model: Path, data: str | None, say: Say) -> _Subject:
    if model.suffix not in KERAS_SUFFIXES:
        source = prepare(model, data, 0.0, "element", say)
        return _Subject(source.graph, source.dataset)
    say("loading TensorFlow")
    from tinyprune.frontend.keras_model import load_keras_model
    from tinyprune.frontend.quantize import check_sides, quantize

    keras_model = load_keras_model(model)
    check_sides(keras_model)
    dataset = load_dataset(data) if data else None
    calibration = dataset.calibration() if dataset else _random_samples(model, keras_model.inputs[0].shape[1:], say)
    say("quantizing to int8")
    graph = import_pruned(quantize(keras_model, calibration), model.stem, 0.0, "element", None)
    return _Subject(graph, dataset, keras_model, calibration)


def _random_samples(model: Path, shape: tuple[int | None, ...], say: Say) -> NDArray[np.float32]:
    sizes = [size for size in shape if size is not None]
    if len(sizes) < len(shape):
        raise TinypruneError(f"{model} takes samples of any size {shape}", remedy="give --data with some")
    say("no data: quantizing by random samples")
    return np.random.default_rng(SEED).normal(size=(CALIBRATION_SAMPLES, *sizes)).astype(np.float32)


def _option(what: tuple[str, float], chooser: Chooser, before: Mapping[str, LayerAdvice]) -> Option:
    graph, costs = chooser.choice(chooser.goal), chooser.costs
    alive, known = activations_alive(graph), measures(costs)
    taken = {name: total(graph, costs, name) for name in known}
    whole = Figures(taken.get("cycles"), taken.get("instructions"), taken["flash"], taken["sram"])
    rows: list[LayerAdvice] = []
    for step, layer in enumerate(graph.layers):
        if isinstance(layer, Weighted):
            every = costs.of[layer.name]
            cost = cost_of(layer, costs)
            figures = Figures(cost.cycles, cost.instructions, cost.flash_bytes, alive[step] + cost.scratch_bytes)
            old = before.get(layer.name)
            reason = _reason(what[0], layer, every, figures, old.figures) if old else ""
            rows.append(LayerAdvice(layer.name, ir.op_name(layer), cost.format, figures, reason))
    return Option(*what, whole, tuple(rows))


def _reason(granularity: str, layer: Weighted, costs: Sequence[Cost], now: Figures, before: Figures) -> str:
    """Why a layer gains too little, in time or, where that is not known, in flash; nothing where it gains."""
    if now.amount < CLEARLY * before.amount:
        return ""
    if granularity == CHANNEL:
        return "keeps its channels: they are the model's, or joined with some that stay"
    if isinstance(layer, (ir.DepthwiseConv2D, ir.TransposeConv2D)):
        return f"{ir.op_name(layer)} kernels stay whole"
    sparse = [_work(one) for one in costs if one.format != DENSE]
    if not sparse:
        return "has no sparse kernel"
    dense = [_work(one) for one in costs if one.format == DENSE]
    if not dense:
        return f"the best kernel is sparse and takes {now.amount:,}, unpruned {before.amount:,} {now.unit}"
    return f"the best sparse kernel takes {min(sparse):,}, dense {min(dense):,} {now.unit}"


def _work(cost: Cost) -> int:
    return Figures(cost.cycles, cost.instructions, cost.flash_bytes, 0).amount
