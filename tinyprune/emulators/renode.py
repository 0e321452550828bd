"""Renode, where the user has installed it: any board, with the files that are also made for using it by hand."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from tinyprune.board import Board
from tinyprune.codegen import renode as files
from tinyprune.emulated import RENODE_CORES
from tinyprune.emulators import faults, inference
from tinyprune.emulators.counting import Place, Tally, blocks, layer_switches
from tinyprune.emulators.renode_monitor import SESSION, UART, Monitor, escaped
from tinyprune.emulators.run import OUTSIDE, Run, stack_bytes
from tinyprune.emulators.straight_runs import tallies
from tinyprune.errors import ToolMissingError
from tinyprune.ir import Int8
from tinyprune.toolchain.elf import Elf

VARIABLE = "TINYPRUNE_RENODE"
INSTALLED = Path("/opt/renode/renode")
REMEDY = f"get it at https://renode.io, and put `renode` on PATH or name it: tinyprune --renode PROGRAM, or {VARIABLE}"
LR = 14


def version() -> str:
    command = [str(program()), "--version"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    found = re.search(r"Renode,? (?:version |v)(\d[\w.]*)", result.stdout)
    if found is None:
        raise ToolMissingError(f"{command[0]} does not tell its version: {result.stderr.strip()}", remedy=REMEDY)
    return found[1]


def program() -> Path:
    """The user's `renode`: named by the variable, else on PATH, else where its packages put it."""
    if given := os.environ.get(VARIABLE):
        if named := shutil.which(given):
            return Path(named).absolute()
        raise ToolMissingError(f"{VARIABLE} is {given}, which is no program", remedy=REMEDY)
    if found := shutil.which("renode"):
        return Path(found).absolute()
    if INSTALLED.is_file():
        return INSTALLED
    raise ToolMissingError("Renode is not installed", remedy=REMEDY)


def refusal(elf: Elf, board: Board) -> str:
    if board.core in RENODE_CORES:
        return ""
    return f"Renode has no {board.core}; it has {', '.join(RENODE_CORES)}"


def run(elf: Elf, board: Board, inputs: Int8) -> Run:
    """As `Emulator.run` says."""
    with tempfile.TemporaryDirectory(prefix="tinyprune-") as name, _session(elf, board, Path(name)) as monitor:
        exit_code, uart = monitor.boot(), monitor.uart()
        faults.check(elf, uart, exit_code)
        monitor.reset()
        counted = _count(elf, monitor)
        outputs, layer_outputs = inference.outputs(monitor, elf, inputs)
    return Run(
        emulator="renode",
        emulator_version=version(),
        counted_by="block-end hook",
        uart=uart,
        exit_code=exit_code,
        blocks=blocks(elf, counted),
        outputs=outputs,
        layer_outputs=layer_outputs,
        stack_bytes=stack_bytes(uart),
    )


@contextmanager
def _session(elf: Elf, board: Board, folder: Path) -> Generator[Monitor]:
    """The machine with the image loaded, at reset. Its UART goes into `folder`."""
    (folder / "board.repl").write_text(files.platform(board), encoding="utf-8")
    shutil.copy(SESSION, folder / "session.cs")
    shutil.copy(elf.path, folder / "firmware.elf")
    monitor = Monitor(program(), elf, board.clock_hz, folder)
    try:
        for command in (
            "include @session.cs",
            "mach create",
            "machine LoadPlatformDescription @board.repl",
            f"sysbus.uart CreateFileBackend @{escaped(folder / UART)} true",
            "emulation SetGlobalAdvanceImmediately true",
            *(f"sysbus.cpu Guard {gap.origin} {gap.bytes}" for gap in files.gaps(board)),
        ):
            monitor.ask(command)
        monitor.load()
        yield monitor
    finally:
        monitor.close()


def _count(elf: Elf, monitor: Monitor) -> dict[Place, Tally]:
    """What the first tp_invoke executes."""
    switches = layer_switches(elf)
    layers = [OUTSIDE, *sorted(set(switches.values()) - {OUTSIDE})]
    lines = (f"{address} {layers.index(layer)}\n" for address, layer in switches.items())
    monitor.go(elf.symbols["tp_invoke"].address)
    runs = monitor.count(monitor.register(LR) & ~1, "".join(lines))
    return tallies(elf, {(layers[number], start, size): count for number, start, size, count in runs})
