"""Emulated boards: an ELF and a `Board` to a `Run`. One row of EMULATORS an emulator."""

from __future__ import annotations

from collections.abc import Callable

from tinyprune.board import Board
from tinyprune.emulators import unicorn
from tinyprune.emulators.run import Run
from tinyprune.ir import Int8
from tinyprune.toolchain.elf import Elf

Emulate = Callable[[Elf, Board, Int8], Run]

EMULATORS: dict[str, Emulate] = {
    "unicorn": unicorn.run,
}
