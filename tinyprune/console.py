"""What every command says and how it ends: results on stdout, progress and errors on stderr."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

import typer

from tinyprune.errors import TinypruneError


def print_result(as_json: bool, document: str, table: Callable[[], None]) -> None:
    """The `document` as it is, or what `table` prints."""
    if as_json:
        sys.stdout.write(document)
    else:
        table()


@contextmanager
def errors() -> Generator[None]:
    """A TinypruneError becomes one message on stderr and exit code 2; all else is a bug and shows its traceback."""
    try:
        yield
    except TinypruneError as error:
        typer.secho("error: ", fg=typer.colors.RED, bold=True, err=True, nl=False)
        typer.echo(error.what, err=True)
        if error.remedy:
            typer.echo(f"  help: {error.remedy}", err=True)
        raise typer.Exit(2) from None


@contextmanager
def progress() -> Generator[Any]:
    """A `say` that shows on stderr what goes on and for how long; errors end it as in `errors`."""
    from tinyprune.report.progress import Progress

    with errors(), Progress() as shown:
        yield shown.say
