"""The part of a run that is counted, in any image."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from tinyprune.board import Board
from tinyprune.emulators import faults
from tinyprune.emulators.run import Block
from tinyprune.toolchain.elf import Elf

BOOTED = "main"
"""Where an image has set itself up: data copied, the rest cleared, the FPU on."""


@dataclass(frozen=True)
class Point:
    """An address of the image and its name."""

    name: str
    address: int


@dataclass(frozen=True)
class Span:
    """From the first arrival at `begin` to the next at `end`; where `end` is None, to the return from there, or to the
    exit of the firmware where that is sooner.

    With `called`, `begin` is a function that the image need not call by itself: it is booted until it gets to `main`,
    and then `begin` is called, without arguments, on main's stack. An image without `main` is not booted: its segments
    are put where they are used, and the stack pointer is that of the vector table, else the end of the board's SRAM.
    """

    begin: Point
    end: Point | None = None
    called: bool = False

    def __str__(self) -> str:
        if self.called:
            return f"one call of {self.begin.name}"
        return f"{self.begin.name} to {self.end.name if self.end else 'its return'}"


@dataclass(frozen=True)
class Counted:
    """Facts of one span: what was executed in it, and who counted how."""

    emulator: str
    emulator_version: str
    counted_by: str
    blocks: tuple[Block, ...]


def vector_table(elf: Elf, board: Board) -> int | None:
    """Where the image keeps its first stack pointer and address: at the beginning of the flash or of a section."""
    starts = (board.flash.origin, *(section.address for section in elf.sections.values()))
    return next((start for start in starts if _is_vector_table(elf, board, start)), None)


def _is_vector_table(elf: Elf, board: Board, address: int) -> bool:
    try:
        stack, reset = struct.unpack("<II", elf.read(address, 8))
        elf.read(reset & ~1, 2)
    except KeyError:
        return False
    return bool(reset & 1) and any(m.origin < stack <= m.end for m in board.memory.values())


def never_there(point: Point, exit_code: int) -> faults.EmulationError:
    return faults.EmulationError(
        f"the firmware never gets to {point.name} (0x{point.address:08x}): it ended before, with exit code {exit_code}"
    )
