"""Builds of the same weights side by side: what `comparison.json` holds."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import tinyprune
from tinyprune.report.report import SCHEMA, Report


def comparison(reports: Mapping[str, Report], unpruned_accuracy: float | None) -> dict[str, Any]:
    """The variants in their order, and their figures over those of the first."""
    variants = {name: dataclasses.asdict(one) for name, one in reports.items()}
    first = next(iter(variants.values()))
    return {
        "schema": SCHEMA,
        "tinyprune": tinyprune.__version__,
        "unpruned_accuracy": unpruned_accuracy,
        "variants": [{"name": name, "report": one} for name, one in variants.items()],
        "ratios": {name: _ratios(one, first) for name, one in variants.items()},
    }


def _ratios(one: Mapping[str, Any], first: Mapping[str, Any]) -> dict[str, float | None]:
    """Each figure of `one` over that of `first`: below 1 is less."""

    def ratio(a: float | None, b: float | None) -> float | None:
        return round(a / b, 4) if a is not None and b else None

    figures = {key: ratio(one[key], first[key]) for key in ("instructions", "cycles")}
    totals = {key: ratio(one[key]["total"], first[key]["total"]) for key in ("flash", "sram")}
    return figures | totals | {"flash_weights": ratio(one["flash"]["weights"], first["flash"]["weights"])}
