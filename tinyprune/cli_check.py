"""The command `check`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tinyprune.console import errors, print_result

COST = "65536 or 64K; +512 or +2% beside the baseline"


def check(
    directory: Annotated[Path, typer.Argument(help="a build directory")],
    baseline: Annotated[Path | None, typer.Option("--baseline", help="figures of an earlier build, as JSON")] = None,
    write: Annotated[bool, typer.Option("--write-baseline", help="write this build's figures there first")] = False,
    max_flash: Annotated[str | None, typer.Option("--max-flash", help=f"bytes: {COST}")] = None,
    max_sram: Annotated[str | None, typer.Option("--max-sram", help=f"bytes, stack included: {COST}")] = None,
    max_instructions: Annotated[str | None, typer.Option("--max-instructions", help=f"of an inference: {COST}")] = None,
    max_cycles: Annotated[str | None, typer.Option("--max-cycles", help=f"of an inference: {COST}")] = None,
    min_accuracy: Annotated[
        str | None, typer.Option("--min-accuracy", help="97% or 0.97; -0.5% for points below the baseline")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document on stdout")] = False,
) -> None:
    """Hold a build against limits and a baseline; exit code 1 and a table where it costs more than is allowed.

    With a baseline, a figure that has no limit of its own may not get worse.
    """
    from tinyprune import limits
    from tinyprune.errors import TinypruneError
    from tinyprune.limits.terminal import print_verdict

    with errors():
        if write and baseline is None:
            raise TinypruneError("--write-baseline does not say where", remedy="give --baseline FILE too")
        given = {
            "flash": max_flash,
            "sram": max_sram,
            "instructions": max_instructions,
            "cycles": max_cycles,
            "accuracy": min_accuracy,
        }
        wanted = {name: text for name, text in given.items() if text is not None}
        verdict = limits.check(directory, wanted, baseline, write=write)
    print_result(as_json, verdict.to_json(), lambda: print_verdict(verdict))
    raise typer.Exit(0 if verdict.passed else 1)
