"""The command `profile`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tinyprune.console import print_result, progress


def profile(
    target: Annotated[Path, typer.Argument(help="a Cortex-M image (ELF), or a build directory")],
    board: Annotated[str | None, typer.Option("--board", help="what the image is for; a build directory knows")] = None,
    begin: Annotated[str | None, typer.Option("--begin", help="count from the first arrival at this symbol")] = None,
    end: Annotated[str | None, typer.Option("--end", help="to that at this one; else to the return of --begin")] = None,
    function: Annotated[str | None, typer.Option("--function", help="call this function, and count that")] = None,
    from_log: Annotated[
        Path | None, typer.Option("--from-log", help="UART text of the board: measured beside predicted")
    ] = None,
    serial: Annotated[str | None, typer.Option("--serial", help="the same, read from this port")] = None,
    emulator: Annotated[
        str | None, typer.Option("--emulator", help="unicorn or qemu; else the first that has the board")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="for callgrind.out.NAME and NAME.speedscope.json")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document on stdout, all else on stderr")] = False,
) -> None:
    """Show where the cycles of any Cortex-M image go: by layer, function and class of instructions."""
    from tinyprune import pipeline
    from tinyprune.profiling import profiling
    from tinyprune.report import terminal_profile

    with progress() as say:
        say(f"{target.name}: counting{f' in {emulator}' if emulator else ''}")
        result = pipeline.profile(
            target, board, begin=begin, end=end, function=function, emulator=emulator, output=output
        )
        measured = profiling.measured(result, from_log, serial, say)
    print_result(as_json, profiling.to_json(result, measured), lambda: terminal_profile.print_profile(result, measured))
