"""The command `tinyprune prune`. No logic here, as in `cli`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from tinyprune.console import print_result, progress
from tinyprune.errors import TinypruneError

Text = str | None
Count = int | None
Number = float | None


def prune(
    model: Annotated[
        Path | None, typer.Argument(help=".keras or .h5; else tinyprune.toml with its table prune, else the example")
    ] = None,
    data: Annotated[
        Text, typer.Option("--data", help=".npz with x_train, y_train, x_test, y_test, or module:function")
    ] = None,
    sparsity: Annotated[Number, typer.Option("--sparsity", help="share to remove, from 0 to below 1")] = None,
    criterion: Annotated[Text, typer.Option("--criterion", help="what goes first; default magnitude")] = None,
    granularity: Annotated[
        Text, typer.Option("--granularity", help="what goes as one piece, as in element, block:4x1; default element")
    ] = None,
    scope: Annotated[Text, typer.Option("--scope", help="how layers share the sparsity; default uniform")] = None,
    schedule: Annotated[
        Text, typer.Option("--schedule", help="when it goes, as in polynomial, iterative:linear; default iterative")
    ] = None,
    epochs: Annotated[Count, typer.Option("--epochs", help="of fine-tuning, in all steps together")] = None,
    learning_rate: Annotated[Number, typer.Option("--learning-rate", help="of Adam; default 0.001")] = None,
    distillation: Annotated[
        Number, typer.Option("--distillation", help="share of the loss that is the distance to the model given")
    ] = None,
    min_density: Annotated[Number, typer.Option("--min-density", help="share that each layer keeps")] = None,
    min_channels: Annotated[Count, typer.Option("--min-channels", help="that each layer keeps; default 1")] = None,
    round_to: Annotated[Count, typer.Option("--round-to", help="keep a multiple of so many")] = None,
    exclude: Annotated[
        list[str] | None, typer.Option("--exclude", help="a layer that stays whole, a pattern, first, or last")
    ] = None,
    layer: Annotated[
        list[str] | None, typer.Option("--layer", help="NAME=SPARSITY, or PATTERN=SPARSITY; with --scope per_layer")
    ] = None,
    seed: Annotated[Count, typer.Option("--seed", help="default 0")] = None,
    checkpoint: Annotated[Text, typer.Option("--checkpoint", help="a file to go on from after a kill")] = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="default: build/<model>-pruned.keras")] = None,
    plot: Annotated[bool, typer.Option("--plot", help="draw a picture beside the output (.png)")] = False,
    list_: Annotated[bool, typer.Option("--list", help="list criteria, granularities, scopes and schedules")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document on stdout, all else on stderr")] = False,
) -> None:
    """Prune a Keras model, fine-tune what is left, and write a plain Keras model.

    Of a project file with a table pipeline: carry out its stages, and write an int8 .tflite file too.
    """
    if list_:
        print_result(as_json, json.dumps(_registries(), indent=2) + "\n", _print_registries)
        return
    from tinyprune import project
    from tinyprune.compression import compress_file
    from tinyprune.pruned_file import prune_file

    options = {
        "sparsity": sparsity,
        "criterion": criterion,
        "granularity": granularity,
        "scope": scope,
        "schedule": schedule,
        "epochs": epochs,
        "learning_rate": learning_rate,
        "distillation": distillation,
        "min_density": min_density,
        "min_channels": min_channels,
        "round_to": round_to,
        "exclude": exclude,
        "seed": seed,
        "checkpoint": checkpoint,
    }
    with progress() as say:
        job = project.pruning_job(model, data, {**options, "layers": _layers(layer or [])}, say)
        target = output or Path("build") / f"{job.model.stem}-pruned.keras"
        picture = target.with_suffix(".png") if plot else None
        if job.stages:
            document = compress_file(job.model, job.data, job.stages, target, say, picture, **job.options)
        else:
            document = prune_file(job.model, job.data, job.options, target, say, picture)
    show = _print_stages if job.stages else _print
    print_result(as_json, json.dumps(document, indent=2) + "\n", lambda: show(document))


def _layers(given: Sequence[str]) -> dict[str, float]:
    found: dict[str, float] = {}
    for text in given:
        name, _, sparsity = text.rpartition("=")
        try:
            found[name] = float(sparsity)
        except ValueError:
            name = ""
        if not name:
            raise TinypruneError(f"--layer {text} is not NAME=SPARSITY", remedy="for instance --layer 'conv_*=0.8'")
    return found


def _registries() -> dict[str, dict[str, str]]:
    """What `--list` shows: by kind, the names and a line for each."""
    from tinyprune.pruning.criteria import CRITERIA
    from tinyprune.pruning.granularities import GRANULARITIES
    from tinyprune.pruning.schedules import SCHEDULES
    from tinyprune.pruning.scopes import SCOPES

    return {
        "criterion": {
            name: f"{row.summary}; needs data" if row.evidence else row.summary for name, row in CRITERIA.items()
        },
        "granularity": {name: _with_variants(row.summary, row.patterns) for name, row in GRANULARITIES.items()},
        "scope": {name: row.summary for name, row in SCOPES.items()},
        "schedule": {name: _with_variants(row.summary, row.variants) for name, row in SCHEDULES.items()},
    }


def _with_variants(summary: str, variants: Sequence[str]) -> str:
    return f"{summary} (:{', :'.join(variants)})" if variants else summary


def _print_registries() -> None:
    for kind, rows in _registries().items():
        typer.echo(f"--{kind}")
        for name, summary in rows.items():
            typer.echo(f"  {name:15} {summary}")


def _print_stages(document: dict[str, Any]) -> None:
    for row in document["stages"]:
        right = "" if row["accuracy"] is None else f", accuracy {row['accuracy']:.1%}"
        typer.echo(f"{row['stage']:14} {row['parameters']:10,} parameters, {row['zeros']:6.1%} zeros{right}")
    if document["accuracy"] is not None:
        typer.echo(f"accuracy of the int8 model: {document['accuracy']:.1%}")
    typer.echo(f"wrote {document['output']} and {document['tflite']}")


def _print(document: dict[str, Any]) -> None:
    for layer in document["layers"]:
        typer.echo(f"{layer['name']:32} {layer['sparsity']:6.1%} of the kernel removed")
    before, after = document["parameters_before"], document["parameters_after"]
    typer.echo(f"parameters: {before:,} before, {after:,} after")
    if document["accuracy_after"] is not None:
        typer.echo(f"accuracy of the float model: {document['accuracy_before']:.1%} before, ", nl=False)
        typer.echo(f"{document['accuracy_after']:.1%} after")
    typer.echo(f"wrote {document['output']}")
