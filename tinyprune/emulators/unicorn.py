"""The default emulator: Unicorn, which installs with pip. Blocks are counted by a hook in Python."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import unicorn
from unicorn import arm_const

from tinyprune.board import Board
from tinyprune.emulators.machine import EmulationError, Machine
from tinyprune.emulators.run import OUTSIDE, Block, Run, stack_bytes
from tinyprune.ir import Int8
from tinyprune.toolchain.elf import Elf

WIDE_PREFIXES = (0b11101, 0b11110, 0b11111)  # DDI0403 A5.1: a halfword that starts so begins a 32-bit instruction
LAYER_PREFIX = "tp_layer_"


def run(elf: Elf, board: Board, inputs: Int8) -> Run:
    """Boots `elf`, counts its tp_invoke on the compiled-in input, then invokes it for all but the first of `inputs`.

    The first of `inputs` (n, ...) is the one that is compiled in.
    """
    machine = Machine(elf, board)
    invoke = elf.symbols["tp_invoke"].address
    machine.go(invoke)
    stop_at = machine.register(arm_const.UC_ARM_REG_LR) & ~1
    counter = _Counter(machine)
    first = _count(machine, counter, stop_at)
    machine.go(0xFFFF_FFFE)
    uart = machine.uart.decode("ascii", "replace")
    if machine.exit_code is None:
        raise EmulationError("the firmware ended without saying so")
    further = [_invoke(machine, invoke, one, stop_at) for one in inputs[1:]]
    layers = [_layer_by_layer(machine, one, stop_at) for one in inputs]
    return Run(
        emulator="unicorn",
        emulator_version=unicorn.__version__,
        uart=uart,
        exit_code=machine.exit_code,
        blocks=counter.blocks(),
        outputs=np.stack([first, *further]),
        layer_outputs={name: np.stack([one[name] for one in layers]) for name in layers[0]},
        stack_bytes=stack_bytes(uart),
    )


def _count(machine: Machine, counter: _Counter, stop_at: int) -> Int8:
    hook = machine.core.hook_add(unicorn.UC_HOOK_BLOCK, counter.block)
    machine.go(stop_at)
    machine.core.hook_del(hook)
    return _read(machine, "tp_output")


def _invoke(machine: Machine, invoke: int, one: Int8, stop_at: int) -> Int8:
    machine.write(machine.elf.symbols["tp_input"].address, one.tobytes())
    machine.call(invoke, stop_at)
    return _read(machine, "tp_output")


def _read(machine: Machine, symbol: str) -> Int8:
    place = machine.elf.symbols[symbol]
    return np.frombuffer(machine.read(place.address, place.bytes), np.int8)


def _layer_by_layer(machine: Machine, one: Int8, stop_at: int) -> dict[str, Int8]:
    """What each layer writes for the input `one`, read as soon as the layer returns: a later one takes its place."""
    machine.write(machine.elf.symbols["tp_input"].address, one.tobytes())
    outputs: dict[str, Int8] = {}
    for name, function, output, size in _layer_table(machine):
        machine.call(function & ~1, stop_at)
        outputs[name] = np.frombuffer(machine.read(output, size), np.int8)
    return outputs


def _layer_table(machine: Machine) -> list[tuple[str, int, int, int]]:
    """The firmware's `tp_layers`: name, function, output address, output bytes."""
    table = machine.elf.symbols["tp_layers"]
    rows = np.frombuffer(machine.read(table.address, table.bytes), np.uint32).reshape(-1, 4)
    return [(_text(machine, int(name)), int(run), int(output), int(size)) for name, run, output, size in rows]


def _text(machine: Machine, address: int) -> str:
    text = bytearray()
    while (byte := machine.read(address + len(text), 1)) != b"\0":
        text += byte
    return text.decode("ascii")


@dataclass
class _Tally:
    count: int = 0
    taken: int = 0
    entered: int = 0


@dataclass
class _Counter:
    """Counts blocks and the edges between them, by the layer in which they are executed."""

    machine: Machine
    tallies: dict[tuple[str, int, int], _Tally] = field(default_factory=dict[tuple[str, int, int], _Tally])
    _layer: str = OUTSIDE
    _previous: _Tally | None = None
    _next: int = -1

    @functools.cached_property
    def starts(self) -> dict[int, str]:
        """Address to layer name, for every layer's function."""
        symbols = self.machine.elf.symbols.items()
        return {s.address: name.removeprefix(LAYER_PREFIX) for name, s in symbols if name.startswith(LAYER_PREFIX)}

    @functools.cached_property
    def invoke(self) -> range:
        symbol = self.machine.elf.symbols["tp_invoke"]
        return range(symbol.address, symbol.address + symbol.bytes)

    def block(self, core: Any, address: int, size: int, data: object) -> None:
        if address in self.starts:
            self._layer = self.starts[address]
        elif address in self.invoke:
            self._layer = OUTSIDE
        key = (self._layer, address, size)
        tally = self.tallies.get(key)
        if tally is None:
            tally = self.tallies[key] = _Tally()
        tally.count += 1
        if address != self._next:
            tally.entered += 1
            if self._previous is not None:
                self._previous.taken += 1
        self._previous, self._next = tally, address + size

    def blocks(self) -> tuple[Block, ...]:
        """What was counted, in address order; the last block left by returning."""
        if self._previous is not None:
            self._previous.taken += 1
            self._previous = None
        ordered = sorted(self.tallies.items(), key=lambda item: (item[0][1], item[0]))
        return tuple(
            Block(layer, start, size, self._instructions(start, size), tally.count, tally.taken, tally.entered)
            for (layer, start, size), tally in ordered
        )

    def _instructions(self, start: int, size: int) -> int:
        halfwords = np.frombuffer(self.machine.read(start, size), np.uint16).tolist()
        count, i = 0, 0
        while i < len(halfwords):
            i += 2 if halfwords[i] >> 11 in WIDE_PREFIXES else 1
            count += 1
        return count
