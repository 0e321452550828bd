"""Builds a `Report` from what was measured: the graph, its image, and the run where there was one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

import tinyprune
from tinyprune import cycles, formats, ir, kernels
from tinyprune.board import Board
from tinyprune.cycles import Cost
from tinyprune.emulators.run import Run
from tinyprune.ir import Graph, Int8, Layer
from tinyprune.passes import candidates
from tinyprune.passes.plan_memory import alive_bytes
from tinyprune.passes.sram_steps import SramStep
from tinyprune.profiling.profile import Profile, rows
from tinyprune.report import report
from tinyprune.report.hardware import hardware
from tinyprune.report.memory_plan import memory_plan
from tinyprune.report.report import Report
from tinyprune.tensors import Int16
from tinyprune.toolchain.elf import Elf
from tinyprune.toolchain.memory import memory_use, weight_places


@dataclass(frozen=True, eq=False)
class Expected:
    """What the reference says for the inputs that were emulated, all (n, ...).

    `values` is each tensor of the graph that was built, by name; `output` is that of the model as it came, before any
    pass changed it, as `edges` has it.
    """

    values: dict[str, Int8]
    output: Int8


@dataclass(frozen=True)
class Described:
    """What a report repeats of how the build came about; `candidates` are by layer, of those that had a choice."""

    model: report.ModelInfo
    options: report.Options
    accuracy: float | None
    candidates: Mapping[str, tuple[candidates.Cost, ...]]
    sram_steps: tuple[SramStep, ...]


def measure(
    graph: Graph,
    board: Board,
    elf: Elf,
    run: Run | None,
    profile: Profile | None,
    expected: Expected | None,
    described: Described,
) -> Report:
    """The report of one build. Nothing in it that was not measured: without a run, its figures are None.

    `profile`, that of the run, and `expected` are given where `run` is.
    """
    spent = profile.total if profile else None
    return Report(
        schema=report.SCHEMA,
        tinyprune=tinyprune.__version__,
        model=described.model,
        options=described.options,
        board=board.name,
        toolchain=report.ToolchainInfo(elf.toolchain, elf.toolchain_version, elf.flags),
        emulator=report.EmulatorInfo(run.emulator, run.emulator_version, run.counted_by) if run else None,
        cycle_model=report.CycleModelInfo(*cycles.about(board)) if run else None,
        bit_exact=is_bit_exact(graph, run, expected) if run and expected else None,
        inputs_checked=len(run.outputs) if run else 0,
        accuracy=described.accuracy,
        instructions=run.instructions if run else None,
        core_cycles=spent.core_cycles if spent else None,
        flash_stalls=spent.flash_stalls if spent else None,
        cycles=spent.cycles if spent else None,
        flash=_flash(elf, board),
        sram=_sram(graph, elf, board, run),
        hardware=hardware(board),
        layers=tuple(
            _layer(layer, graph, alive, elf, board, profile, described)
            for layer, alive in zip(graph.layers, alive_bytes(graph), strict=True)
        ),
        memory_plan=memory_plan(graph),
        sram_steps=described.sram_steps,
        functions=tuple(report.CostRow(**row) for row in rows(profile.functions)) if profile else None,
        classes=tuple(report.CostRow(**row) for row in rows(profile.classes)) if profile else None,
    )


def is_bit_exact(graph: Graph, run: Run, expected: Expected) -> bool:
    """Whether every element of every layer, and of the output of the model as it came, is the reference's."""
    same_layers = all(
        _same(graph.tensors[layer.output].values(run.layer_outputs[layer.name]), expected.values[layer.output])
        for layer in graph.layers
    )
    return same_layers and _same(run.outputs, expected.output)


def _same(ours: Int8 | Int16, wanted: Int8) -> bool:
    return np.array_equal(ours.reshape(len(ours), -1), wanted.reshape(len(wanted), -1))


def _flash(elf: Elf, board: Board) -> report.Flash:
    use = memory_use(elf, board).flash
    return report.Flash(use.total, use.code, use.weights, use.other)


def _sram(graph: Graph, elf: Elf, board: Board, run: Run | None) -> report.Sram:
    """The arena's symbol is split into activations and the scratch beyond them."""
    assert graph.arena is not None
    use = memory_use(elf, board)
    arena = graph.arena.activation_bytes
    stack = run.stack_bytes if run else None
    return report.Sram(
        total=use.static_bytes + (stack or 0),
        arena=arena,
        scratch=use.arena_bytes - arena,
        stack=stack,
        state=use.state_bytes,
        other=use.static_bytes - use.arena_bytes - use.state_bytes,
    )


def _layer(
    layer: Layer, graph: Graph, alive: int, elf: Elf, board: Board, profile: Profile | None, described: Described
) -> report.LayerReport:
    weighted = layer if isinstance(layer, ir.Weighted) else None
    values = formats.all_weights(layer)
    spent = profile.layers.get(layer.name, Cost(0, 0, 0)) if profile else None
    return report.LayerReport(
        name=layer.name,
        op=ir.op_name(layer),
        format=formats.format_of(layer),
        kernel=kernels.variant(layer).kernel if isinstance(layer, ir.Weighted | ir.Binary) else None,
        strip_rows=weighted.variant.rows if weighted else None,
        weights_in=weighted.variant.weights if weighted else None,
        reason=weighted.weights.reason if weighted else None,
        macs=ir.macs(layer, graph),
        nonzeros=int(np.count_nonzero(values)),
        sparsity=round(1 - np.count_nonzero(values) / values.size, 6) if values.size else None,
        weights_bytes=constant_bytes(elf, layer.name),
        scratch_bytes=kernels.scratch_bytes(layer, graph),
        alive_bytes=alive,
        instructions=spent.instructions if spent else None,
        core_cycles=spent.core_cycles if spent else None,
        flash_stalls=spent.flash_stalls if spent else None,
        cycles=spent.cycles if spent else None,
        candidates=described.candidates.get(layer.name, ()),
        refused=kernels.refusals(layer, graph, board.features),
    )


def constant_bytes(elf: Elf, layer: str) -> int:
    """What the constants of one layer take in the image: the symbols that bear its name."""
    places = weight_places(elf)
    named = (symbol for name, symbol in elf.symbols.items() if name.startswith(f"{layer}_"))
    return sum(symbol.bytes for symbol in named if any(symbol.address in place for place in places))
