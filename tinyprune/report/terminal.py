"""Reports and comparisons as tables in the terminal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from tinyprune.directory import COMPARISON_PAGE, REPORT_PAGE
from tinyprune.report.report import Report
from tinyprune.report.terminal_candidates import candidates

MISSING = "-"

Show = Callable[[Mapping[str, Any]], str]


def print_report(report: Report, directory: Path, verbose: bool) -> None:
    """The totals, the layers, and where the figures come from; where `verbose`, also the candidates of each layer."""
    console = Console(highlight=False)
    console.print(_layers(report))
    if verbose:
        console.print(candidates(report))
    console.print(_totals(report))
    console.print(_provenance(report))
    console.print(f"firmware and {REPORT_PAGE} in {directory}", soft_wrap=True)


def print_comparison(document: Mapping[str, Any], directory: Path) -> None:
    """Variants side by side, then layer by layer."""
    console = Console(highlight=False)
    variants = {variant["name"]: variant["report"] for variant in document["variants"]}
    console.print(_comparison(document, variants))
    console.print(_compared_layers(variants))
    first = next(iter(variants.values()))
    if document["unpruned_accuracy"] is not None:
        console.print(f"accuracy without pruning: {_percent(document['unpruned_accuracy'])}")
    console.print(_origin(first["toolchain"], first["emulator"], first["cycle_model"]))
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
    return f"[dim]{'; '.join(parts)}[/dim]"


def _comparison(document: Mapping[str, Any], variants: Mapping[str, Any]) -> Table:
    first = next(iter(variants.values()))
    sparsity = first["options"]["sparsity"]
    title = f"{Path(first['model']['path']).name} on {first['board']}, {sparsity:.0%} sparse"
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, title=title)
    table.add_column("")
    for name in variants:
        table.add_column(name, justify="right")
    last = list(variants)[-1]
    table.add_column(f"{last} / {next(iter(variants))}", justify="right")
    ratios = document["ratios"][last]
    rows: list[tuple[str, Show, float | None]] = [
        ("instructions", lambda r: _count(r["instructions"]), ratios["instructions"]),
        ("cycles", lambda r: _count(r["cycles"]), ratios["cycles"]),
        ("  of them core", lambda r: _count(r["core_cycles"]), None),
        ("  flash stalls", lambda r: _count(r["flash_stalls"]), None),
        ("flash, bytes", lambda r: _count(r["flash"]["total"]), ratios["flash"]),
        ("  of it weights", lambda r: _count(r["flash"]["weights"]), ratios["flash_weights"]),
        ("SRAM, bytes", lambda r: _count(r["sram"]["total"]), ratios["sram"]),
        ("accuracy", lambda r: _percent(r["accuracy"]), None),
        ("bit-exact", lambda r: str(r["bit_exact"]).lower(), None),
    ]
    for label, show, ratio in rows:
        table.add_row(label, *(show(r) for r in variants.values()), f"{ratio:.2f}" if ratio is not None else "")
    return table


def _compared_layers(variants: Mapping[str, Any]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, title="by layer: bytes of weights and instructions")
    table.add_column("layer", overflow="fold")
    figures = [f"{name}\n{figure}" for name in variants for figure in ("bytes", "instructions")]
    for name in ("MACs", "sparsity", *figures):
        table.add_column(name, justify="right", no_wrap=True)
    for rows in zip(*(report["layers"] for report in variants.values()), strict=True):
        shown = [(_count(row["weights_bytes"]), _count(row["instructions"])) for row in rows]
        first = rows[0]
        cells = [cell for pair in shown for cell in pair]
        table.add_row(first["name"], _count(first["macs"] or None), _percent(first["sparsity"]), *cells)
    return table


def _count(value: int | None) -> str:
    return MISSING if value is None else f"{value:,}"


def _share(part: int | None, whole: int | None) -> float | None:
    return None if part is None or not whole else part / whole


def _percent(value: float | None) -> str:
    return MISSING if value is None else f"{value:.1%}"
