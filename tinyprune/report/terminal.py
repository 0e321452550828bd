"""Reports and comparisons as tables in the terminal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from tinyprune.directory import COMPARISON_PAGE, REPORT_PAGE
from tinyprune.report.comparison import differences, heading
from tinyprune.report.report import Report
from tinyprune.report.terminal_candidates import candidates, refused, sram_steps

MISSING = "-"

Show = Callable[[Mapping[str, Any]], str]


def print_report(report: Report, directory: Path, verbose: bool) -> None:
    """The totals, the layers, and where the figures come from; where `verbose`, also the candidates of each layer,
    and what SRAM buys."""
    console = Console(highlight=False, markup=False)
    console.print(_layers(report))
    if verbose:
        console.print(candidates(report))
        for line in refused(report):
            console.print(line)
        if report.sram_steps:
            console.print(sram_steps(report))
    console.print(_totals(report))
    console.print(_provenance(report), style="dim")
    console.print(f"firmware and {REPORT_PAGE} in {directory}", soft_wrap=True)


def print_comparison(document: Mapping[str, Any], directory: Path) -> None:
    """Variants side by side, then layer by layer where all have the same."""
    console = Console(highlight=False, markup=False)
    variants = {variant["name"]: variant["report"] for variant in document["variants"]}
    console.print(_comparison(document, variants))
    if len({tuple(layer["name"] for layer in one["layers"]) for one in variants.values()}) == 1:
        console.print(_compared_layers(variants))
    first = next(iter(variants.values()))
    if document["unpruned_accuracy"] is not None:
        console.print(f"accuracy without pruning: {_percent(document['unpruned_accuracy'])}")
    console.print(_origin(first["toolchain"], first["emulator"], first["cycle_model"]), style="dim")
    console.print(f"firmware and {COMPARISON_PAGE} in {directory}", soft_wrap=True)


def _layers(report: Report) -> Table:
    title = f"{Path(report.model.path).name} on {report.board}"
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True, title=title)
    table.add_column("layer", overflow="fold")
    table.add_column("format")
    for name in ("MACs", "sparsity", "bytes", "instructions", "cycles", "stalls"):
        table.add_column(name, justify="right", no_wrap=True)
    for layer in report.layers:
        table.add_row(
            layer.name,
            layer.format or MISSING,
            _count(layer.macs or None),
            _percent(layer.sparsity),
            _count(layer.weights_bytes),
            _count(layer.instructions),
            _count(layer.cycles),
            _percent(_share(layer.flash_stalls, layer.cycles)),
        )
    return table


def _totals(report: Report) -> str:
    flash, sram = report.flash, report.sram
    exact = {True: "yes", False: "NO", None: "not emulated"}[report.bit_exact]
    return (
        f"flash  {flash.total:,} bytes: code {flash.code:,}, weights {flash.weights:,}, other {flash.other:,}\n"
        f"SRAM   {sram.total:,} bytes: activations {sram.arena:,}, scratch {sram.scratch:,}, "
        f"stack {_count(sram.stack)}, {f'state {sram.state:,}, ' if sram.state else ''}other {sram.other:,}\n"
        f"run    {_count(report.instructions)} instructions; bit-exact: {exact} ({report.inputs_checked} inputs); "
        f"accuracy: {_percent(report.accuracy)}\n"
        f"time   {_count(report.cycles)} cycles: core {_count(report.core_cycles)}, "
        f"flash stalls {_count(report.flash_stalls)}"
    )


def _provenance(report: Report) -> str:
    emulator = {"name": report.emulator.name, "version": report.emulator.version} if report.emulator else None
    model = {"name": report.cycle_model.name, "claim": report.cycle_model.claim} if report.cycle_model else None
    return _origin({"name": report.toolchain.name, "version": report.toolchain.version}, emulator, model)


def _origin(
    toolchain: Mapping[str, Any], emulator: Mapping[str, Any] | None, cycle_model: Mapping[str, Any] | None
) -> str:
    parts = [f"{toolchain['name']} {toolchain['version']}"]
    if emulator:
        parts.append(f"{emulator['name']} {emulator['version']}")
    if cycle_model:
        parts.append("cycles: " + ", ".join(filter(None, (cycle_model["name"], cycle_model["claim"]))))
    return "; ".join(parts)


def _comparison(document: Mapping[str, Any], variants: Mapping[str, Any]) -> Table:
    reports = list(variants.values())
    unlike = differences(reports)
    sparsity = "" if unlike else f", {reports[0]['options']['sparsity']:.0%} sparse"
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, title=heading(reports) + sparsity)
    table.add_column("", no_wrap=True)
    for name in variants:
        table.add_column(name, justify="right", overflow="fold")
    first, *others = variants
    for name in others:
        table.add_column(f"{name} / {first}", justify="right", overflow="fold")
    for label, values in unlike.items():
        table.add_row(label, *values)
    rows: list[tuple[str, Show, str]] = [
        ("instructions", lambda r: _count(r["instructions"]), "instructions"),
        ("cycles", lambda r: _count(r["cycles"]), "cycles"),
        ("  of them core", lambda r: _count(r["core_cycles"]), ""),
        ("  flash stalls", lambda r: _count(r["flash_stalls"]), ""),
        ("flash, bytes", lambda r: _count(r["flash"]["total"]), "flash"),
        ("  of it weights", lambda r: _count(r["flash"]["weights"]), "flash_weights"),
        ("SRAM, bytes", lambda r: _count(r["sram"]["total"]), "sram"),
        ("accuracy", lambda r: _percent(r["accuracy"]), ""),
        ("bit-exact", lambda r: _yes_or_no(r["bit_exact"]), ""),
    ]
    for label, show, figure in rows:
        ratios = [document["ratios"][name].get(figure) for name in others]
        table.add_row(label, *map(show, reports), *("" if ratio is None else f"{ratio:.2f}" for ratio in ratios))
    return table


def _compared_layers(variants: Mapping[str, Any]) -> Table:
    """Of more than two variants just the instructions: that is what fits a line."""
    shown = {"bytes": "weights_bytes", "instructions": "instructions"}
    figures = [*shown] if len(variants) == 2 else ["instructions"]
    what = " and ".join(figures).replace("bytes", "bytes of weights")
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True, title=f"by layer: {what}")
    table.add_column("layer", overflow="fold")
    columns = [f"{name}\n{figure}" for name in variants for figure in figures]
    for name in ("MACs", "sparsity"):
        table.add_column(name, justify="right", no_wrap=True)
    for name in columns:
        table.add_column(name, justify="right", overflow="fold")
    for rows in zip(*(report["layers"] for report in variants.values()), strict=True):
        first = rows[0]
        cells = [_count(row[shown[figure]]) for row in rows for figure in figures]
        table.add_row(first["name"], _count(first["macs"] or None), _percent(first["sparsity"]), *cells)
    return table


def _count(value: int | None) -> str:
    return MISSING if value is None else f"{value:,}"


def _yes_or_no(value: bool | None) -> str:
    return MISSING if value is None else str(value).lower()


def _share(part: int | None, whole: int | None) -> float | None:
    return None if part is None or not whole else part / whole


def _percent(value: float | None) -> str:
    return MISSING if value is None else f"{value:.1%}"
