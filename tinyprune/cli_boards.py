"""The commands `boards` and `boards new`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tinyprune.console import errors

if TYPE_CHECKING:
    from tinyprune.board import Board

app = typer.Typer(invoke_without_command=True)


@app.callback()
def boards(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document on stdout")] = False,
) -> None:
    """List the boards that ship with tinyprune; `boards new` begins a file for your own."""
    from tinyprune import board

    if context.invoked_subcommand:
        return
    with errors():
        known = [board.load(name) for name in board.names()]
    if as_json:
        typer.echo(json.dumps([_row(one) for one in known], indent=2))
    else:
        _print_table(known)


@app.command()
def new(
    file: Annotated[Path, typer.Argument(help="where to write it, a .toml that is not there yet")],
    like: Annotated[str, typer.Option("--like", help="a board of `tinyprune boards` to begin from")] = "stm32f4",
) -> None:
    """Write the start of a board file, every key explained; use it with `--board FILE`."""
    from tinyprune import board_template

    with errors():
        board_template.write(file, like)
    typer.echo(f"{file}: change it, then `tinyprune build MODEL --board {file}`")


def _row(board: Board) -> dict[str, Any]:
    from tinyprune.emulated import emulators

    return {
        "name": board.name,
        "title": board.title,
        "family": board.family,
        "core": board.core,
        "clock_hz": board.clock_hz,
        "memory": {name: region.bytes for name, region in board.memory.items()},
        "emulators": list(emulators(board)),
        "flashers": list(board.flashers),
    }


def _print_table(known: list[Board]) -> None:
    """Plain text: rich would take longer to load than all else."""
    rows = [("board", "core", "MHz", "flash", "SRAM", "emulators", "flashers", "")]
    for board in known:
        row = _row(board)
        rows.append(
            (
                board.name,
                board.core,
                f"{board.clock_hz // 1_000_000}",
                f"{board.flash.bytes // 1024} KB",
                f"{board.sram.bytes // 1024} KB",
                " ".join(row["emulators"]),
                " ".join(row["flashers"]) or "-",
                board.title,
            )
        )
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
