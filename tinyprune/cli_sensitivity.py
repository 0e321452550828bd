"""The command `sensitivity`. No logic here, as in `cli`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from tinyprune.console import print_result, progress

Number = float | None


def sensitivity(
    model: Annotated[Path, typer.Argument(help=".keras or .h5")],
    data: Annotated[str, typer.Option("--data", help=".npz with x_train and y_train, or module:function")],
    criterion: Annotated[str, typer.Option("--criterion", help="what goes first")] = "magnitude",
    granularity: Annotated[str, typer.Option("--granularity", help="what goes as one piece")] = "element",
    level: Annotated[
        list[float] | None, typer.Option("--level", help="a sparsity to measure; default 0.3 to 0.95, seven")
    ] = None,
    exclude: Annotated[
        list[str] | None, typer.Option("--exclude", help="a layer that stays whole, a pattern, first, or last")
    ] = None,
    seed: Annotated[int, typer.Option("--seed")] = 0,
    sparsity: Annotated[Number, typer.Option("--sparsity", help="allocate: the share of all weights to remove")] = None,
    max_flash: Annotated[str | None, typer.Option("--max-flash", help="allocate: bytes of firmware, as 64K")] = None,
    max_cycles: Annotated[int | None, typer.Option("--max-cycles", help="allocate: cycles of an inference")] = None,
    board: Annotated[str | None, typer.Option("--board", help="whose flash and cycles")] = None,
    plot: Annotated[Path | None, typer.Option("--plot", help="a file for a picture of the curves")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document on stdout, all else on stderr")] = False,
) -> None:
    """Measure what pruning each layer costs in accuracy, and spend a budget where it hurts least."""
    from tinyprune import project
    from tinyprune.sensitivity_file import measure_file

    with progress() as say:
        flash = None if max_flash is None else project.size(max_flash)
        asked = {"sparsity": sparsity, "max_flash": flash, "max_cycles": max_cycles}
        budgets = {name: most for name, most in asked.items() if most is not None}
        options = {"criterion": criterion, "granularity": granularity, "sparsities": level or None}
        options |= {"exclude": exclude or (), "seed": seed}
        document = measure_file(model, data, options, budgets, board, say, plot)
    print_result(as_json, json.dumps(document, indent=2) + "\n", lambda: _print(document))


def _print(document: dict[str, Any]) -> None:
    """A row for each layer, a column for each sparsity; then the options that `tinyprune prune` takes."""
    typer.echo(f"accuracy on {document['samples']:,} training samples: {document['accuracy']:.1%}")
    typer.echo(f"{'sparsity of one layer':32}" + "".join(f"{level:8.0%}" for level in document["levels"]))
    for curve in document["curves"]:
        typer.echo(f"{curve['layer']:32}" + "".join(f"{value:8.1%}" for value in curve["accuracies"][1:]))
    allocation = document["allocation"]
    if allocation:
        typer.echo(f"\n{allocation['sparsity']:.1%} of the weights go; foretold, before fine-tuning: ", nl=False)
        taken = {"bytes of flash": allocation["flash_bytes"], "cycles": allocation["cycles"]}
        figures = [f"{value:,} {name}" for name, value in taken.items() if value is not None]
        typer.echo(", ".join([f"accuracy {allocation['accuracy']:.1%}", *figures]))
        typer.echo(allocation["command"] or "nothing has to go")
