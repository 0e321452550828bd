"""What each layer could have been instead, and the model with other SRAM, as tables in the terminal."""

from __future__ import annotations

from rich import box
from rich.table import Table

from tinyprune import kernels
from tinyprune.passes.candidates import Cost
from tinyprune.report.report import LayerReport, Report


def candidates(report: Report) -> Table:
    """A row for each candidate of each layer, the one that was taken in bold; the reason is beside the layer."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True, title="what each layer could be")
    table.add_column("layer", overflow="fold", max_width=24)
    table.add_column("format")
    table.add_column("kernel", overflow="fold")
    table.add_column("in")
    for name in ("rows", "bytes", "scratch", "cycles", "stalls"):
        table.add_column(name, justify="right", no_wrap=True)
    for layer in report.layers:
        for number, cost in enumerate(layer.candidates):
            first = f"{layer.name}: {layer.reason}" if number == 0 else ""
            table.add_row(first, *_cells(cost), style="bold" if _is_taken(cost, layer) else None)
    return table


def refused(report: Report) -> list[str]:
    """A line for each kernel that a layer would be faster in, and cannot have."""
    return [f"{layer.name} not in {name}: {why}" for layer in report.layers for name, why in layer.refused.items()]


def sram_steps(report: Report) -> Table:
    """The fewest cycles within a few budgets of SRAM."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True, title="what SRAM buys")
    for name in ("SRAM, bytes", "cycles", "saved by each KB more"):
        table.add_column(name, justify="right", no_wrap=True)
    for step in report.sram_steps:
        saved = "" if step.saved_per_kb is None else f"{step.saved_per_kb:,}"
        table.add_row(f"{step.sram:,}", f"{step.cycles:,}", saved)
    return table


def _is_taken(cost: Cost, layer: LayerReport) -> bool:
    """A layer that runs in a twin was chosen as what it is the twin of."""
    taken = (layer.format, kernels.narrow(layer.kernel or ""), layer.strip_rows, layer.weights_in)
    return (cost.format, cost.kernel, cost.rows, cost.weights) == taken


def _cells(cost: Cost) -> tuple[str, ...]:
    figures = (cost.flash_bytes, cost.scratch_bytes, cost.cycles, cost.flash_stalls)
    kernel = cost.kernel.removeprefix("tp_").removesuffix("_s8")
    return (
        cost.format,
        kernel,
        cost.weights,
        str(cost.rows or ""),
        *("-" if one is None else f"{one:,}" for one in figures),
    )
