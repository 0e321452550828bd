"""What candidates cost: compiled into one image, and each called by itself in the emulator."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

import tinyprune
from tinyprune import kernels, toolchain
from tinyprune.board import Board
from tinyprune.codegen.image import image_files
from tinyprune.cycles import CYCLE_MODELS, price
from tinyprune.emulators import native
from tinyprune.emulators.counting import LAYER_PREFIX, Counter, PythonCounter, blocks
from tinyprune.emulators.machine import Machine
from tinyprune.emulators.native import NativeCounter
from tinyprune.emulators.run import Block
from tinyprune.ir import Graph, Layer, Weighted
from tinyprune.passes.candidates import Cost
from tinyprune.passes.choice_program import aligned
from tinyprune.toolchain import Toolchain
from tinyprune.toolchain.elf import Elf, Symbol
from tinyprune.toolchain.memory import weight_places
from tinyprune.tuning import bench
from tinyprune.tuning.bench import Trial
from tinyprune.tuning.code import reached

STALE = b"\xaa"  # what lies in the arena before a trial


class WrongBitsError(AssertionError):
    """A kernel computed something else than the reference: a bug of tinyprune."""


def measured(graph: Graph, trials: Sequence[Trial], board: Board, tools: Toolchain, emulated: bool) -> list[Cost]:
    """The cost of each of `trials`, which are layers of `graph`; its figures of time only where it is `emulated`."""
    made, on = bench.bench(graph, trials), bench.roomy(board)
    assert made.arena is not None
    sample = np.zeros(made.tensors[made.inputs[0]].shape[1:], np.int8)
    with tempfile.TemporaryDirectory() as folder:
        elf = toolchain.link(image_files(made, on, sample, tinyprune.__version__), on, tools, Path(folder))
    costs = [_size(one, layer, made, elf) for one, layer in zip(trials, made.layers, strict=True)]
    if not emulated:
        return costs
    machine = Machine(elf, on)
    machine.place()
    executed = [_run(one, layer, made, machine) for one, layer in zip(trials, made.layers, strict=True)]
    return [_timed(cost, blocks, machine) for cost, blocks in zip(costs, executed, strict=True)]


def sizes(elf: Elf, layer: Layer) -> tuple[int, dict[str, int]]:
    """The bytes of flash that are a layer's own, and the functions that it may share with others.

    Its own are its constants, each as aligned as a word, and the function that calls its kernel.
    """
    caller = LAYER_PREFIX + layer.name
    constants = sum(aligned(symbol.bytes) for symbol in _constants(elf, layer.name))
    return elf.symbols[caller].bytes + constants, reached(elf, caller)


def _constants(elf: Elf, layer: str) -> list[Symbol]:
    places = weight_places(elf)
    named = (symbol for name, symbol in elf.symbols.items() if name.startswith(f"{layer}_"))
    return [symbol for symbol in named if any(symbol.address in place for place in places)]


def _size(one: Trial, layer: Layer, made: Graph, elf: Elf) -> Cost:
    assert isinstance(layer, Weighted)
    own_bytes, functions = sizes(elf, layer)
    return Cost(
        **dataclasses.asdict(one.candidate),
        operand_bytes=kernels.operand(layer, made).bytes,
        flash_bytes=own_bytes,
        scratch_bytes=kernels.scratch_bytes(layer, made),
        functions=functions,
    )


def _timed(cost: Cost, executed: Sequence[Block], machine: Machine) -> Cost:
    model = CYCLE_MODELS.get(machine.board.core)
    spent = price(executed, machine.elf.read, model, machine.board.flash_timing).cost
    return replace(
        cost, instructions=spent.instructions, core_cycles=spent.core_cycles, flash_stalls=spent.flash_stalls
    )


def _run(one: Trial, layer: Layer, made: Graph, machine: Machine) -> tuple[Block, ...]:
    """The blocks that a trial executes; raises WrongBitsError where its output is not the reference's."""
    assert made.arena is not None
    arena, places = machine.elf.symbols["tp_arena"].address, made.arena.tensors
    machine.write(arena, STALE * made.arena.bytes)
    machine.write(arena, one.input.tobytes())
    library = native.load()
    counter: Counter = NativeCounter(machine, library) if library else PythonCounter(machine)
    counter.attach()
    machine.call(machine.elf.symbols[LAYER_PREFIX + layer.name].address)
    tallies = counter.detach()
    output = places[layer.output]
    actual = np.frombuffer(machine.read(arena + output.offset, output.bytes), np.int8)
    wrong = np.count_nonzero(actual != one.expected.reshape(-1))
    if wrong:
        raise WrongBitsError(f"{one.candidate} gets {wrong:,} of {len(actual):,} values of {one.layer.name} wrong")
    return blocks(machine.elf, tallies)
