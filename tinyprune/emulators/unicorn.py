"""The default emulator: Unicorn, which installs with pip."""

from __future__ import annotations

import unicorn
from unicorn import arm_const

from tinyprune.board import Board
from tinyprune.emulators import inference, native
from tinyprune.emulators.counting import Counter, PythonCounter, blocks
from tinyprune.emulators.machine import CORES, Machine
from tinyprune.emulators.native import NativeCounter
from tinyprune.emulators.run import Run, stack_bytes
from tinyprune.emulators.span import BOOTED, Counted, Point, Span, never_there
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
    counted = _count(elf, board, Span(Point("tp_invoke", elf.symbols["tp_invoke"].address)))
    return Run(
        emulator=counted.emulator,
        emulator_version=counted.emulator_version,
        counted_by=counted.counted_by,
        uart=uart,
        exit_code=exit_code,
        blocks=counted.blocks,
        outputs=outputs,
        layer_outputs=layer_outputs,
        stack_bytes=stack_bytes(uart),
    )


def count(elf: Elf, board: Board, span: Span) -> Counted:
    """As `Emulator.count` says. First without counting, which is fast, to know that the span ends."""
    machine, until = _at_begin(elf, board, span)
    machine.go(until, goal=f"get through {span}")
    if machine.exit_code is not None and span.end is not None:
        raise never_there(span.end, machine.exit_code)
    return _count(elf, board, span)


def _at_begin(elf: Elf, board: Board, span: Span) -> tuple[Machine, int]:
    """A machine that stands where `span` begins, and the address where it ends."""
    machine = Machine(elf, board)
    main = elf.symbols.get(BOOTED) if span.called else None
    first = Point(BOOTED, main.address) if main else span.begin
    if span.called and not main:
        machine.place()
    elif machine.register(arm_const.UC_ARM_REG_PC) != first.address:
        machine.go(first.address, goal=f"get to {first.name}")
        if machine.exit_code is not None:
            raise never_there(first, machine.exit_code)
    if span.called:
        machine.enter(span.begin.address)
    return machine, span.end.address if span.end else machine.returns_to()


def _count(elf: Elf, board: Board, span: Span) -> Counted:
    machine, until = _at_begin(elf, board, span)
    library = native.load()
    counter: Counter = NativeCounter(machine, library) if library else PythonCounter(machine)
    counter.attach()
    machine.go(until, NO_LIMIT)
    counted_by = "block hook in C" if library else "block hook in Python"
    return Counted("unicorn", version(), counted_by, blocks(elf, counter.detach()))
