"""The command `advise`. No logic here, as in `cli`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tinyprune.console import print_result, progress
from tinyprune.errors import TinypruneError

if TYPE_CHECKING:
    from tinyprune.advice import Advice, Figures, Option


def advise(
    model: Annotated[Path, typer.Argument(help=".keras, .h5 or int8 .tflite")],
    board: Annotated[str, typer.Option("--board", help="a board of `tinyprune boards`, or a board file")],
    data: Annotated[
        str | None, typer.Option("--data", help="to quantize a Keras model with; else random samples")
    ] = None,
    option: Annotated[
        list[str] | None,
        typer.Option("--option", help="GRANULARITY=SPARSITY, as in block:4x1=0.8, channel=0.25; else typical ones"),
    ] = None,
    toolchain: Annotated[str | None, typer.Option("--toolchain", help="gcc or zig; else whichever is found")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document on stdout, all else on stderr")] = False,
) -> None:
    """Tell what pruning would save on a board, by granularity and layer, before anything is trained."""
    from tinyprune.advice import TYPICAL
    from tinyprune.advice import advise as advice_for

    with progress() as say:
        options = [_option(text) for text in option] if option else TYPICAL
        advice = advice_for(model, board, data=data, options=options, toolchain_name=toolchain, say=say)
    print_result(as_json, advice.to_json(), lambda: _print(advice))


def _option(text: str) -> tuple[str, float]:
    granularity, _, sparsity = text.partition("=")
    try:
        return granularity, float(sparsity)
    except ValueError:
        raise TinypruneError(
            f"--option {text} is not GRANULARITY=SPARSITY", remedy="for instance --option element=0.8"
        ) from None


def _print(advice: Advice) -> None:
    typer.echo(f"{advice.model} on {advice.board}, {advice.toolchain}\n")
    unit = advice.unpruned.total.unit
    typer.echo(f"{'pruned by':16} {unit:>14} {'':7} {'flash':>10} {'':7} {'SRAM':>10}")
    for option in (advice.unpruned, *advice.options):
        typer.echo(f"{_name(option):16} {_figures(option.total, advice.unpruned.total)}")
    for option in advice.options:
        typer.echo(f"\n{_name(option)}")
        before = {layer.name: layer.figures for layer in advice.unpruned.layers}
        for layer in option.layers:
            line = f"  {layer.name:14} {layer.format:10} {_figures(layer.figures, before[layer.name])}"
            typer.echo(f"{line}  {layer.reason}".rstrip())


def _name(option: Option) -> str:
    return f"{option.granularity} {option.sparsity:.0%}"


def _figures(now: Figures, before: Figures) -> str:
    """Work, flash and SRAM, the first two with what they change."""
    work, flash = now.amount / max(1, before.amount) - 1, now.flash_bytes / max(1, before.flash_bytes) - 1
    return f"{now.amount:14,} {work:+7.1%} {now.flash_bytes:10,} {flash:+7.1%} {now.sram_bytes:10,}"
