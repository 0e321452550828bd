"""Emulated boards: an ELF and a `Board` to a `Run`. One row of EMULATORS an emulator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tinyprune import emulated
from tinyprune.board import Board
from tinyprune.emulators import qemu, renode, unicorn
from tinyprune.emulators.faults import EmulationError
from tinyprune.emulators.run import Run
from tinyprune.emulators.span import Counted, Span
from tinyprune.errors import unknown_name
from tinyprune.ir import Int8
from tinyprune.toolchain.elf import Elf

__all__ = ["EMULATORS", "Counted", "EmulationError", "Emulator", "Run", "Span", "find"]


@dataclass(frozen=True)
class Emulator:
    """One way to run a firmware: what a row of EMULATORS says.

    `version()` is that of the installed emulator; ToolMissingError, with the way to get it, where there is none.
    `refusal(elf, board)` says why this image cannot run there, and is empty where it can.
    `run(elf, board, inputs)` boots the image; the first of `inputs` (n, ...) is the one that is compiled in, the others
    follow. It raises EmulationError where the firmware faults or does not end.
    `count(elf, board, span)` counts what any image executes in `span`; EmulationError likewise, and where the image
    does not get there. None where only whole runs of tinyprune's own firmware can be counted.
    """

    name: str
    version: Callable[[], str]
    refusal: Callable[[Elf, Board], str]
    run: Callable[[Elf, Board, Int8], Run]
    count: Callable[[Elf, Board, Span], Counted] | None = None


EMULATORS: dict[str, Emulator] = {
    "unicorn": Emulator("unicorn", unicorn.version, unicorn.refusal, unicorn.run, unicorn.count),
    "qemu": Emulator("qemu", qemu.version, qemu.refusal, qemu.run, qemu.count),
    "renode": Emulator("renode", renode.version, renode.refusal, renode.run),
}


def find(name: str) -> Emulator:
    """The emulator called `name`, which is installed. Raises TinypruneError, ToolMissingError where it is not."""
    if name not in EMULATORS:
        raise unknown_name("emulator", name, EMULATORS)
    emulator = EMULATORS[name]
    emulator.version()
    return emulator


def run(name: str, elf: Elf, board: Board, inputs: Int8) -> Run:
    """Runs `elf` in the emulator called `name`, as `Emulator` says; EmulationError also where it cannot run there."""
    return _able(name, elf, board).run(elf, board, inputs)


def count(name: str, elf: Elf, board: Board, span: Span) -> Counted:
    """Counts `span` of `elf` in the emulator called `name`, as `Emulator` says; EmulationError also where it cannot run
    there."""
    able = _able(name, elf, board)
    if able.count is None:
        others = ", ".join(other for other, one in EMULATORS.items() if one.count)
        raise EmulationError(f"{name} does not count a part of a run", remedy=f"take --emulator {others}")
    return able.count(elf, board, span)


def _able(name: str, elf: Elf, board: Board) -> Emulator:
    emulator = find(name)
    if reason := emulator.refusal(elf, board):
        others = [other for other in emulated.emulators(board) if other != name]
        remedy = f"take --emulator {' or '.join(others)}" if others else ""
        raise EmulationError(f"{name} cannot run this firmware: {reason}", remedy=remedy)
    return emulator
