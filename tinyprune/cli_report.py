"""`tinyprune report`: the tables and the page of a build that was made before."""

from __future__ import annotations

import webbrowser
from pathlib import Path
from typing import Annotated

import typer


def report(
    directory: Annotated[Path, typer.Argument(help="a directory that build or compare made")],
    show: Annotated[bool, typer.Option("--open", help="open report.html or comparison.html in the browser")] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="also what each layer could have been instead")
    ] = False,
) -> None:
    """Print the figures of a build or a comparison again."""
    from tinyprune import directory as directories
    from tinyprune.report import terminal
    from tinyprune.report.saved import saved_report

    comparison = directories.read_comparison(directory)
    if comparison:
        terminal.print_comparison(comparison, directory)
    else:
        terminal.print_report(saved_report(directories.read_report(directory)), directory, verbose)
    if show:
        webbrowser.open(directories.page(directory).resolve().as_uri())
