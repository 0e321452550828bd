"""The command `flash`."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from tinyprune.console import errors, print_result


def flash(
    directory: Annotated[Path, typer.Argument(help="a build directory")],
    with_: Annotated[
        str | None, typer.Option("--with", help="pyocd, openocd, st-flash, probe-rs, picotool or uf2")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="print the commands, do not run them")] = False,
    check: Annotated[
        bool, typer.Option("--check", help="read the result back over the serial port; exit code 1 if not exact")
    ] = False,
    port: Annotated[str | None, typer.Option("--port", help="for --check; else the only serial port there is")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="for --check: one JSON document on stdout")] = False,
) -> None:
    """Write the firmware in a build directory to the board."""
    from tinyprune import board, flashing
    from tinyprune import directory as directories

    with errors():
        saved = directories.read_report(directory)
        target = board.load_file(directory / f"{saved['board']}.toml")
        if not check or dry_run:
            for command in flashing.flash(target, directory, with_, dry_run=dry_run):
                typer.echo(shlex.join(command))
            return
        from tinyprune import checking

        with flashing.listening(port, target.uart.baud) as read:
            for command in flashing.flash(target, directory, with_):
                typer.echo(shlex.join(command), err=True)
            result = checking.check(directory, saved, read())
    print_result(as_json, result.to_json(), lambda: typer.echo("\n".join(checking.table(result))))
    raise typer.Exit(0 if result.bit_exact else 1)
