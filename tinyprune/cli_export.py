"""The command `export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tinyprune.console import errors


def export(
    directory: Annotated[Path, typer.Argument(help="a build directory")],
    form: Annotated[str, typer.Option("--as", help="c, cmake, arduino, zephyr, platformio or cmsis-pack")],
    output: Annotated[Path, typer.Option("-o", "--output", help="a folder that is not there yet")],
) -> None:
    """Write the model of a build as a library for another firmware: its C, and only the kernels that it calls."""
    from tinyprune.exporting import export

    with errors():
        files = export(directory, form, output)
    typer.echo(f"{output}: {len(files)} files; README.md says how to use them")
