"""The default emulator: Unicorn, which installs with pip."""

from __future__ import annotations

import unicorn
from unicorn import arm_const

from tinyprune.board import Board
from tinyprune.emulators import inference, native
from tinyprune.emulators.counting import Counter, Place, PythonCounter, Tally, blocks
from tinyprune.emulators.machine import CORES, Machine
from tinyprune.emulators.native import NativeCounter
from tinyprune.emulators.run import Run, stack_bytes
from tinyprune.ir import Int8
from tinyprune.toolchain.elf import Elf

NEVER = 0xFFFF_FFFE
NO_LIMIT = 0.0


def version() -> str:
    return unicorn.__version__


def refusal(elf: Elf, board: Board) -> str:
    return "" if board.core in CORES else f"it has no {board.core}, only {', '.join(CORES)}"


def run(elf: Elf, board: Board, inputs: Int8) -> Run:
    """As `Emulator.run` says. Counts last, in a machine of its own: by then it is known that the firmware ends."""
    machine = Machine(elf, board)
    machine.go(NEVER)
    exit_code, uart = machine.finished(), machine.uart.decode("ascii", "replace")
    outputs, layer_outputs = inference.outputs(machine, elf, inputs)
    counted_by, tallies = _count(Machine(elf, board))
    return Run(
        emulator="unicorn",
        emulator_version=version(),
        counted_by=counted_by,
        uart=uart,
        exit_code=exit_code,
        blocks=blocks(elf, tallies),
        outputs=outputs,
        layer_outputs=layer_outputs,
        stack_bytes=stack_bytes(uart),
    )


def _count(machine: Machine) -> tuple[str, dict[Place, Tally]]:
    """How it was counted, and what the first tp_invoke executes."""
    machine.go(machine.elf.symbols["tp_invoke"].address)
    library = native.load()
    counter: Counter = NativeCounter(machine, library) if library else PythonCounter(machine)
    counter.attach()
    machine.go(machine.register(arm_const.UC_ARM_REG_LR) & ~1, NO_LIMIT)
    return "block hook in C" if library else "block hook in Python", counter.detach()
