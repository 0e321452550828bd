"""Sparsities for each layer, spent where they hurt accuracy least, by the costs of our own formats and kernels."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinyprune import board as boards
from tinyprune import formats, ir, toolchain
from tinyprune.errors import TinypruneError
from tinyprune.frontend.dataset import Dataset
from tinyprune.ir import Graph
from tinyprune.lowering import Chooser
from tinyprune.passes.allocation_program import AllocationProgram, Leveled
from tinyprune.passes.candidates import Cost, Costs, Rest
from tinyprune.passes.choose import Goal
from tinyprune.passes.plan_memory import activations_alive
from tinyprune.passes.prune_weights import prune_weights
from tinyprune.pruning.choosing import check_sparsity
from tinyprune.pruning.sensitivity import Curve, Sensitivity
from tinyprune.source import Say, checked_inputs, import_pruned

INT8_GRANULARITIES = ("element", "block:4x1", "block:2x2")
"""Those whose costs can be measured layer by layer: what goes from one layer does not change another."""
MILLION = 1_000_000
SEED = 0
ALIKE = 0.95  # cosine of a kernel's rows before and after quantization: it was 0.99 and more, of others below 0.5


@dataclass(frozen=True)
class Allocation:
    """`layers` are the sparsities of scope `per_layer`. `accuracy` is predicted: what layers lose alone, added up.

    `flash_bytes` and `cycles` of the firmware are None where no costs were measured, or cycles are not known.
    """

    layers: Mapping[str, float]
    accuracy: float
    sparsity: float
    flash_bytes: int | None = None
    cycles: int | None = None


@dataclass(frozen=True)
class Measured:
    """What candidates cost: by level, from 0 on, the costs of every layer; and the Keras layers' names in the graph."""

    graph: Graph
    by_level: Mapping[float, Costs]
    names: Mapping[str, str]


def allocate(
    found: Sensitivity,
    *,
    sparsity: float | None = None,
    max_flash: int | None = None,
    max_cycles: int | None = None,
    costs: Measured | None = None,
) -> Allocation:
    """The sparsities of layers that lose the least accuracy, with so many weights gone and within the budgets.

    An exact integer program over the levels that were measured, in which accuracy losses add up. The budgets, bytes of
    flash and cycles of the whole firmware, need `costs`. Raises BudgetError where no levels are within the budgets.
    """
    if sparsity is None and max_flash is None and max_cycles is None:
        raise TinypruneError("nothing to allocate", remedy="give a sparsity, max_flash or max_cycles")
    if costs is None and (max_flash is not None or max_cycles is not None):
        raise TinypruneError("budgets of flash and cycles need the costs of a board", remedy="give a board")
    if sparsity is not None:
        check_sparsity(sparsity)
    program = _measured_program(found, costs) if costs else _plain_program(found)
    if max_cycles is not None and "cycles" not in program.measures:
        raise TinypruneError("a budget of cycles cannot be kept: they are not known of this core")
    weights = sum(curve.weights for curve in found.curves)
    kept = None if sparsity is None else round((1 - sparsity) * weights)
    budgets = {"weights": kept, "flash": max_flash, "cycles": max_cycles}
    taken = program.least_harm({name: most for name, most in budgets.items() if most is not None})
    return _allocation(found, program, taken, costs)


def _allocation(
    found: Sensitivity, program: AllocationProgram, taken: Mapping[str, Leveled], costs: Measured | None
) -> Allocation:
    names = costs.names if costs else {curve.layer: curve.layer for curve in found.curves}
    layers = {curve.layer: taken[names[curve.layer]].sparsity for curve in found.curves}
    weights = sum(curve.weights for curve in found.curves)
    kept = sum(taken[names[curve.layer]].kept for curve in found.curves)
    accuracy = found.accuracy - sum(cost.harm for cost in taken.values()) / MILLION
    chosen = Allocation(layers, max(0.0, accuracy), 1 - kept / weights)
    if costs is None:
        return chosen
    totals = {name: program.amount(name, taken) for name in ("flash", "cycles") if name in program.measures}
    return dataclasses.replace(chosen, flash_bytes=totals["flash"], cycles=totals.get("cycles"))


def _levels(curve: Curve) -> list[tuple[float, int, int, int]]:
    """The sparsity, the weights that stay and that go, and the harm at each point; harm never falls, as by chance."""
    lost = accumulate((max(0.0, curve.accuracies[0] - one) for one in curve.accuracies), max)
    points = zip(curve.sparsities, lost, strict=True)
    rows = [(sparsity, round((1 - sparsity) * curve.weights), round(MILLION * harm)) for sparsity, harm in points]
    return [(sparsity, stays, curve.weights - stays, harm) for sparsity, stays, harm in rows]


def _plain_program(found: Sensitivity) -> AllocationProgram:
    free = Cost("", "", 0, "flash", 0, 0, 0)
    of = {curve.layer: tuple(_leveled(free, *point) for point in _levels(curve)) for curve in found.curves}
    return AllocationProgram(Costs(of, Rest(0, 0, 0), ""), {}, 0)


def _measured_program(found: Sensitivity, costs: Measured) -> AllocationProgram:
    curves = {costs.names[curve.layer]: curve for curve in found.curves}
    whole = costs.by_level[0.0]
    of: dict[str, tuple[Cost, ...]] = {}
    for name in whole.of:
        if name in curves:
            points = zip(costs.by_level.values(), _levels(curves[name]), strict=True)
            of[name] = tuple(_leveled(cost, *point) for level, point in points for cost in level.of.get(name, ()))
        else:
            of[name] = tuple(_leveled(cost, 0.0, 0, 0, 0) for cost in whole.of[name])
    alive = activations_alive(costs.graph)
    by_layer = {layer.name: alive[step] for step, layer in enumerate(costs.graph.layers)}
    return AllocationProgram(dataclasses.replace(whole, of=of), by_layer, max(alive))


def _leveled(cost: Cost, sparsity: float, kept: int, removed: int, harm: int) -> Leveled:
    fields = {field.name: getattr(cost, field.name) for field in dataclasses.fields(cost)}
    return Leveled(**fields, sparsity=sparsity, kept=kept, removed=removed, harm=harm)


def check_has_costs(granularity: str) -> None:
    """Raises TinypruneError where those of `granularity`, a full name, cannot be measured."""
    if granularity not in INT8_GRANULARITIES:
        raise TinypruneError(
            f"granularity '{granularity}' has no costs layer by layer",
            remedy=f"give --sparsity without a board instead, or one of: {', '.join(INT8_GRANULARITIES)}",
        )


def measured_costs(model: Any, dataset: Dataset, found: Sensitivity, board: str, say: Say) -> Measured:
    """The costs of each layer of the Keras `model` on `board` at each sparsity of `found`, measured."""
    check_has_costs(found.granularity)
    from tinyprune.frontend.quantize import quantize
    from tinyprune.pruning.weights import prunable_kernels

    on, tools = boards.load(board), toolchain.find(None)
    graph = import_pruned(quantize(model, dataset.calibration()), model.name, 0.0, "element", None)
    sample = checked_inputs(graph, dataset, 1, SEED)[0]
    choosers: dict[float, Chooser] = {}
    for level in (0.0, *found.levels):
        say(f"costs at {level:.0%}")
        variant = prune_weights(graph, level, found.granularity)
        choosers[level] = Chooser.of(variant, sample, on, tools, emulated=True, goal=Goal(), say=say)
    kernels = {name: np.asarray(kernel) for name, kernel in prunable_kernels(model).items()}
    names = {curve.layer: matching(kernels[curve.layer], curve.layer, graph) for curve in found.curves}
    return Measured(choosers[0.0].small, {level: one.costs for level, one in choosers.items()}, names)


def matching(kernel: NDArray[Any], layer: str, graph: Graph) -> str:
    """The name in `graph` of the Keras layer with this kernel (..., outputs): rows may be scaled, but point alike."""
    rows = _directions(kernel.reshape(-1, kernel.shape[-1]).T)
    for one in graph.layers:
        if isinstance(one, (ir.Conv2D, ir.Dense)):
            values = formats.unpack(one.weights).astype(np.float64)
            found = _directions(values.reshape(len(values), -1))
            if found.shape == rows.shape and np.median(np.abs((rows * found).sum(axis=1))) > ALIKE:
                return one.name
    raise TinypruneError(
        f"layer '{layer}' is no single layer of the quantized model", remedy=f"leave it out: exclude {layer}"
    )


def _directions(rows: NDArray[Any]) -> NDArray[np.float64]:
    lengths = np.linalg.norm(rows.astype(np.float64), axis=1, keepdims=True)
    return rows / np.maximum(lengths, 1e-30)
