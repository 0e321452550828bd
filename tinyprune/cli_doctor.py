"""The command `doctor`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tinyprune.console import errors, print_result

if TYPE_CHECKING:
    from tinyprune.doctor import Diagnosis


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document on stdout")] = False,
) -> None:
    """Say which compilers, emulators, flashers and extras are here, and how to get the others."""
    from tinyprune import doctor

    with errors():
        found = doctor.examine()
    print_result(as_json, found.to_json(), lambda: _print(found))
    raise typer.Exit(0 if found.able else 1)


def _print(found: Diagnosis) -> None:
    for finding in found.findings:
        there = finding.version is not None
        state = finding.version or "is here" if there else "missing"
        typer.secho("ok " if there else "-- ", fg=typer.colors.GREEN if there else typer.colors.YELLOW, nl=False)
        typer.echo(f"{finding.kind:13}  {finding.name:14}  {state:20}  {finding.purpose}")
        for line in finding.remedy.splitlines():
            typer.echo(f"{'':18}{line}")
    able = "firmware can be built and emulated here" if found.able else "a compiler and an emulator are needed"
    typer.echo(able)
