"""Writes docs/boards.md: the digits example on every board, with both compilers, in every emulator that has the board.

    python benchmarks/boards.py

What is not installed here is left out of the run, and the table says so.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import tinyprune
from tinyprune import board as boards
from tinyprune import emulated, emulators, toolchain
from tinyprune.board import Board
from tinyprune.emulators import EMULATORS
from tinyprune.errors import BudgetError, TinypruneError, ToolMissingError

ROOT = Path(__file__).parents[1]
MODEL = ROOT / "tests" / "data" / "digits.tflite"
PAGE = ROOT / "docs" / "boards.md"
MARK = "<!-- by benchmarks/boards.py; what is below is overwritten -->\n"


@dataclass
class Row:
    board: Board
    compiler: str
    flash: int | None = None
    budget: str = ""
    sram: int | None = None
    results: dict[str, str] = field(default_factory=dict)


def installed(name: str) -> bool:
    try:
        emulators.find(name)
    except ToolMissingError:
        return False
    return True


def measure(board: Board, compiler: str, usable: list[str], folder: Path) -> Row:
    """One board with one compiler: built once, run in each usable emulator."""
    row, output = Row(board, compiler), folder / f"{board.name}-{compiler}"
    try:
        report = tinyprune.build(MODEL, board.name, toolchain=compiler, emulator="none", output=output)
    except BudgetError as error:
        row.budget = error.what
        return row
    row.flash = report.flash.total
    for name in usable:
        if name in emulated.emulators(board):
            row.results[name] = result(row, output, name)
    return row


def result(row: Row, output: Path, emulator: str) -> str:
    """What came of running a build; the SRAM it took is kept in `row`."""
    try:
        run, _ = tinyprune.run(output, emulator=emulator)
    except TinypruneError as error:
        return f"no: {error.what}"
    row.sram = run.sram.total
    return "bit-exact" if run.bit_exact else "DIFFERS"


def table(rows: list[Row], usable: list[str]) -> str:
    lines = [
        f"| board | core | compiler | flash, of | SRAM, of | {' | '.join(EMULATORS)} |",
        "|---|---|---|---|---|" + "---|" * len(EMULATORS),
    ]
    for row in rows:
        board = row.board
        cells = [board.name, board.core, row.compiler]
        if row.budget:
            lines.append("| " + " | ".join([*cells, f"does not fit: {row.budget}"]) + " | |" + " |" * len(EMULATORS))
            continue
        sram = f"{row.sram:,}" if row.sram is not None else "not measured"
        cells += [f"{row.flash:,} of {board.flash.bytes:,}", f"{sram} of {board.sram.bytes:,}"]
        cells += [cell(row, name, usable) for name in EMULATORS]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def cell(row: Row, emulator: str, usable: list[str]) -> str:
    if emulator not in emulated.emulators(row.board):
        return "-"
    return row.results[emulator] if emulator in usable else "not installed"


def versions(usable: list[str], compilers: list[str]) -> str:
    tools = [f"{name} {toolchain.find(name).version}" for name in compilers]
    tools += [f"{name} {EMULATORS[name].version()}" for name in usable]
    return f"tinyprune {tinyprune.__version__}; {'; '.join(tools)}.\n"


def main() -> None:
    usable, compilers = [name for name in EMULATORS if installed(name)], ["gcc", "zig"]
    with tempfile.TemporaryDirectory() as folder:
        rows = [
            measure(boards.load(name), compiler, usable, Path(folder))
            for name in boards.names()
            for compiler in compilers
        ]
    before = PAGE.read_text(encoding="utf-8").split(MARK)[0]
    PAGE.write_text(f"{before}{MARK}\n{versions(usable, compilers)}\n{table(rows, usable)}", encoding="utf-8")


if __name__ == "__main__":
    main()
