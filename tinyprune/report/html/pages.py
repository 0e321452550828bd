"""The two pages, rendered strictly: a name that is used and not given is an error."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import jinja2

from tinyprune.report.comparison import differences, heading
from tinyprune.report.html import accuracy_drawing, plan_drawing, roofline
from tinyprune.report.html.accuracy_drawing import draw_accuracy
from tinyprune.report.html.figures import Figures, change, width
from tinyprune.report.html.pattern_drawing import draw_pattern
from tinyprune.report.html.plan_drawing import block_label, draw_plan
from tinyprune.report.html.roofline import draw_roofline
from tinyprune.report.patterns import Patterns

TEMPLATES = Path(__file__).parent / "templates"
LAYERS = "layers"


def report_page(document: Mapping[str, Any], patterns: Patterns) -> str:
    """`report.html`: `document` is what `report.json` holds, `patterns` is where its layers' weights are not zero."""
    layers: list[Mapping[str, Any]] = document[LAYERS]
    names = [layer["name"] for layer in layers]
    plan, hardware = document["memory_plan"], document["hardware"]
    return _render(
        "report.html.j2",
        {
            "report": document,
            "figures": Figures(document),
            "title": title(document),
            "time": time_of([document]),
            "most": functools.partial(most, layers),
            "PLAN": plan_drawing,
            "plan": draw_plan(plan, names, hardware["sram_bytes"]),
            "block_labels": [block_label(block, names) for block in plan["blocks"]],
            "ROOF": roofline,
            "roofline": draw_roofline(layers, hardware),
            "patterns": {name: draw_pattern(density) for name, density in patterns.items()},
            "tables": {key: rows for key, rows in document.items() if key != LAYERS and is_table(rows)},
            "layer_tables": [(i, key) for i, layer in enumerate(layers) for key in layer if is_table(layer[key])],
        },
    )


def comparison_page(document: Mapping[str, Any]) -> str:
    """`comparison.html`: `document` is what `comparison.json` holds."""
    reports: list[Mapping[str, Any]] = [variant["report"] for variant in document["variants"]]
    layers = [layer for report in reports for layer in report[LAYERS]]
    return _render(
        "comparison.html.j2",
        {
            "document": document,
            "names": [variant["name"] for variant in document["variants"]],
            "reports": reports,
            "report": reports[0],
            "figures": Figures(document),
            "title": heading(reports),
            "differences": differences(reports),
            "time": time_of(reports),
            "ACCURACY": accuracy_drawing,
            "accuracy": draw_accuracy(document),
            "same_layers": len({tuple(layer["name"] for layer in report[LAYERS]) for report in reports}) == 1,
            "most": functools.partial(most, layers),
        },
    )


def title(report: Mapping[str, Any]) -> str:
    return f"{Path(report['model']['path']).name} on {report['board']}"


def time_of(reports: Sequence[Mapping[str, Any]]) -> str | None:
    """In what all of `reports` say how long they take: cycles if they were claimed, else instructions, else nothing."""
    for key in ("cycles", "instructions"):
        if all(report[key] is not None for report in reports):
            return key
    return None


def most(layers: Sequence[Mapping[str, Any]], key: str) -> int:
    """The largest figure of a layer: as long as its bar can be."""
    return max((layer[key] or 0 for layer in layers), default=0)


def is_table(value: object) -> bool:
    """Whether it is a list of rows, each of the same plain values by name."""
    if not isinstance(value, (list, tuple)) or not value:
        return False
    rows = cast("Sequence[object]", value)
    if not all(isinstance(row, dict) for row in rows):
        return False
    tables = cast("Sequence[dict[str, object]]", rows)
    plain = all(not isinstance(cell, (dict, list, tuple)) for row in tables for cell in row.values())
    return plain and all(row.keys() == tables[0].keys() for row in tables)


def _render(template: str, values: Mapping[str, object]) -> str:
    return _environment().get_template(template).render(values)


@functools.cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        undefined=jinja2.StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    filters: dict[str, Any] = {"change": change, "width": width}
    environment.filters.update(filters)
    return environment
