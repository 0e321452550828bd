"""The default emulator: Unicorn, which installs with pip."""

from __future__ import annotations

import numpy as np
import unicorn
from unicorn import arm_const

from tinyprune.board import Board
from tinyprune.emulators import native
from tinyprune.emulators.counting import Counter, Place, PythonCounter, Tally, blocks
from tinyprune.emulators.machine import EmulationError, Machine
from tinyprune.emulators.native import NativeCounter
from tinyprune.emulators.run import Run, stack_bytes
from tinyprune.emulators.tables import layer_table, read_outputs, write_inputs
from tinyprune.ir import Int8
from tinyprune.toolchain.elf import Elf


def run(elf: Elf, board: Board, inputs: Int8) -> Run:
    """Boots `elf`, counts its tp_invoke on the compiled-in input, then invokes it for all but the first of `inputs`.

    The first of `inputs` (n, ...) is the one that is compiled in. A model that remembers is reset before each.
    """
    machine = Machine(elf, board)
    invoke = elf.symbols["tp_invoke"].address
    machine.go(invoke)
    stop_at = machine.register(arm_const.UC_ARM_REG_LR) & ~1
    tallies = _count(machine, stop_at)
    first = read_outputs(machine, elf)
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
        blocks=blocks(machine, tallies),
        outputs=np.stack([first, *further]),
        layer_outputs={name: np.stack([one[name] for one in layers]) for name in layers[0]},
        stack_bytes=stack_bytes(uart),
    )


def _count(machine: Machine, stop_at: int) -> dict[Place, Tally]:
    """What is executed from here to `stop_at`."""
    library = native.load()
    counter: Counter = NativeCounter(machine, library) if library else PythonCounter(machine)
    counter.attach()
    machine.go(stop_at)
    return counter.detach()


def _invoke(machine: Machine, invoke: int, one: Int8, stop_at: int) -> Int8:
    _prepare(machine, one, stop_at)
    machine.call(invoke, stop_at)
    return read_outputs(machine, machine.elf)


def _prepare(machine: Machine, one: Int8, stop_at: int) -> None:
    """The model forgets, and gets the input `one`."""
    machine.call(machine.elf.symbols["tp_reset"].address, stop_at)
    write_inputs(machine, machine.elf, one)


def _layer_by_layer(machine: Machine, one: Int8, stop_at: int) -> dict[str, Int8]:
    """What each layer writes for the input `one`, read as soon as the layer returns: a later one takes its place."""
    _prepare(machine, one, stop_at)
    outputs: dict[str, Int8] = {}
    for name, function, output, size in layer_table(machine.elf):
        machine.call(function, stop_at)
        outputs[name] = np.frombuffer(machine.read(output, size), np.int8)
    return outputs
