"""Finds an installed programming tool for a board, and runs it."""

import importlib.util
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from tinyprune.board import Board
from tinyprune.errors import TinypruneError, ToolMissingError, unknown_name
from tinyprune.flashing.flashers import FLASHERS, Command

ERROR_LINES = 15


def find_flasher(board: Board, name: str | None = None) -> str:
    """`name`, or the first of FLASHERS that is installed and that the board file has a target for.

    Raises ToolMissingError where none is, or the one asked for is not, and TinypruneError for a tool that tinyprune or
    the board file does not know.
    """
    usable = [candidate for candidate in FLASHERS if candidate in board.flashers]
    if not usable:
        raise TinypruneError(
            f"the file of {board.title} names no tool that can program it", remedy="add a row to its table [flashers]"
        )
    if name is not None and name not in usable:
        raise unknown_name(f"flasher for {board.title}", name, usable)
    asked = [name] if name else usable
    for candidate in asked:
        if program(candidate):
            return candidate
    rows = "\n".join(f"  {candidate}: {FLASHERS[candidate].install}" for candidate in asked)
    raise ToolMissingError(
        f"{name or 'no tool that can program ' + board.title} is {'not ' if name else ''}installed",
        remedy=f"install {'it' if name else 'one of these'}:\n{rows}",
    )


def flash(board: Board, directory: Path, name: str | None = None, *, dry_run: bool = False) -> tuple[Command, ...]:
    """Programs the firmware that was built in `directory` and resets the board; returns the commands that it ran.

    With `dry_run` it only returns them, for a tool that is not installed too. Raises as find_flasher() does, and
    TinypruneError where there is no firmware, or where a command fails, with its last lines.
    """
    chosen = _planned(board, name) if dry_run else find_flasher(board, name)
    if not (directory / "firmware.elf").is_file():
        raise TinypruneError(f"there is no firmware.elf in {directory}", remedy="build it first: `tinyprune build`")
    target = board.flashers[chosen]
    start = program(chosen) or (chosen,)
    commands = tuple(start + run for run in FLASHERS[chosen].arguments(target, directory.resolve()))
    if not dry_run:
        for command in commands:
            _run(command, FLASHERS[chosen].remedy.format(target=target))
    return commands


def _planned(board: Board, name: str | None) -> str:
    """What find_flasher() gives, or would give if it were installed."""
    try:
        return find_flasher(board, name)
    except ToolMissingError:
        return name or next(candidate for candidate in FLASHERS if candidate in board.flashers)


def program(name: str) -> Command:
    """What starts the tool called `name`; empty where it is not installed."""
    on_path = shutil.which(name)
    if on_path:
        return (on_path,)
    if name == "pyocd" and importlib.util.find_spec("pyocd"):
        return (sys.executable, "-m", "pyocd")
    if name == "uf2":
        return (sys.executable, "-m", "tinyprune.flashing.uf2")
    return ()


def _run(command: Command, remedy: str) -> None:
    result = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,  # with several probes connected some tools would ask which
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if result.returncode != 0:
        last = result.stdout.strip().splitlines()[-ERROR_LINES:]
        raise TinypruneError("\n".join([f"this command fails: {shlex.join(command)}", *last]), remedy=remedy)
