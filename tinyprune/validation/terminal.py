"""A validation as a table in the terminal."""

from __future__ import annotations

from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from tinyprune.validation.validation import COMPARED, Comparison, LayerDifference, Validation


def print_validation(validation: Validation) -> None:
    """What differs in each layer, and how each did."""
    console = Console(highlight=False, markup=False)
    compared = [one for one in validation.comparisons if one.status == COMPARED]
    if compared:
        console.print(_layers(validation, compared))
    console.print(f"{validation.inputs} inputs: {validation.inputs_from}")
    console.print(f"reference: accuracy {_percent(validation.accuracy)}")
    for one in validation.comparisons:
        console.print(_summary(one), soft_wrap=True)


def _layers(validation: Validation, compared: list[Comparison]) -> Table:
    title = f"{Path(validation.model.path).name}: differing elements (largest difference)"
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, title=title)
    table.add_column("layer", overflow="fold")
    for one in compared:
        table.add_column(one.name, justify="right")
    names = dict.fromkeys(layer.name for one in compared for layer in one.layers)
    rows = [{layer.name: layer for layer in one.layers} for one in compared]
    for name in names:
        table.add_row(name, *(_cell(by_name.get(name)) for by_name in rows))
    return table


def _cell(layer: LayerDifference | None) -> str:
    if layer is None:
        return "-"
    return f"{layer.differing:,} ({layer.max_difference})" if layer.differing else "0"


def _summary(one: Comparison) -> str:
    name = f"{one.name} ({one.version})" if one.version else one.name
    if one.status != COMPARED:
        return f"{name}: {one.status}: {one.detail}"
    elements = sum(layer.elements for layer in one.layers)
    told = "" if one.must_be_exact else " (it promises no exact bits)"
    return f"{name}: {one.differing:,} of {elements:,} elements differ{told}; accuracy {_percent(one.accuracy)}"


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"
