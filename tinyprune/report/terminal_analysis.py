"""An analysis as a table in the terminal."""

from __future__ import annotations

from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from tinyprune.report.analysis import Analysis, Fit, LayerAnalysis, Totals


def print_analysis(analysis: Analysis) -> None:
    """The layers, the totals, and whether they fit the board."""
    console = Console(highlight=False, markup=False)
    console.print(_layers(analysis))
    console.print(_totals(analysis.totals))
    if analysis.fit:
        console.print(_fit(analysis.fit, analysis.totals))


def _layers(analysis: Analysis) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True, title=Path(analysis.model.path).name)
    table.add_column("layer", overflow="fold")
    table.add_column("output", no_wrap=True)
    for name in ("MACs", "parameters", "non-zeros", "dead", "weights", "alive"):
        table.add_column(name, justify="right", no_wrap=True)
    for layer in analysis.layers:
        table.add_row(
            layer.name,
            "x".join(map(str, layer.output_shape[1:])),
            _count(layer.macs),
            _count(layer.parameters),
            _count(layer.nonzeros),
            _count(layer.dead_channels),
            _weights(layer),
            _count(layer.alive_bytes),
        )
    return table


def _weights(layer: LayerAnalysis) -> str:
    """The format that the layer gets, and its bytes."""
    return f"{layer.format} {layer.format_bytes[layer.format]:,}" if layer.format else "-"


def _totals(totals: Totals) -> str:
    return (
        f"total  {totals.macs:,} MACs, {totals.parameters:,} parameters, {totals.nonzeros:,} non-zero weights\n"
        f"flash  {totals.constants_bytes:,} bytes of constants: "
        f"weights {totals.weights_bytes:,} in the smallest formats\n"
        f"SRAM   {totals.arena_bytes:,} bytes of arena: activations {totals.activation_bytes:,}, "
        f"scratch {totals.arena_bytes - totals.activation_bytes:,}"
        f"{f'; state {totals.state_bytes:,}' if totals.state_bytes else ''}"
    )


def _fit(fit: Fit, totals: Totals) -> str:
    def line(what: str, fits: bool, size: int, memory: str, limit: int) -> str:
        return f"{what} {'can fit' if fits else 'do NOT FIT'}: {size:,} of {limit:,} bytes of {memory}"

    in_sram = totals.activation_bytes + totals.state_bytes
    return (
        f"{fit.board}: {line('constants', fit.constants_fit, totals.constants_bytes, 'flash', fit.flash_bytes)}\n"
        f"{' ' * len(fit.board)}  "
        f"{line('activations', fit.arena_fits, in_sram, 'SRAM', fit.sram_bytes)}\n"
        f"{' ' * len(fit.board)}  code and scratch come on top"
    )


def _count(value: int) -> str:
    return f"{value:,}" if value else "-"
