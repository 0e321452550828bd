"""Builds side by side: what `comparison.json` holds."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
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


def heading(reports: Sequence[Mapping[str, Any]]) -> str:
    """What was built, and for what: "digits.keras on stm32f4", "2 models on stm32f4", "digits.keras on 3 boards"."""
    models = {one["model"]["sha256"] for one in reports}
    boards = {one["board"] for one in reports}
    model = Path(reports[0]["model"]["path"]).name if len(models) == 1 else f"{len(models)} models"
    return f"{model} on {reports[0]['board'] if len(boards) == 1 else f'{len(boards)} boards'}"


def differences(reports: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """What the builds were made from and with, of each in order, by its name; only what is not the same for all."""
    made = {
        "model": _models([one["model"] for one in reports]),
        "pruned to": [f"{one['options']['sparsity']:.0%}" for one in reports],
        "board": [one["board"] for one in reports],
        "compiler": [_name(one["toolchain"]) for one in reports],
        "emulator": [_name(one["emulator"]) for one in reports],
        "cycle model": [_name(one["cycle_model"]) for one in reports],
    }
    return {label: values for label, values in made.items() if len(set(values)) > 1}


def _models(models: Sequence[Mapping[str, Any]]) -> list[str]:
    """What to call each: one name for one content, and paths where names do not tell contents apart."""
    called: dict[str, str] = {}
    for model in models:
        called.setdefault(model["sha256"], model["path"])
    names = {content: Path(path).name for content, path in called.items()}
    told_apart = len(set(names.values())) == len(names)
    return [(names if told_apart else called)[model["sha256"]] for model in models]


def _name(tool: Mapping[str, Any] | None) -> str:
    """Of a compiler, an emulator, a cycle model, with its version; it may be that there is none."""
    return " ".join(filter(None, (tool["name"], tool.get("version")))) or "none" if tool else "none"


def _ratios(one: Mapping[str, Any], first: Mapping[str, Any]) -> dict[str, float | None]:
    """Each figure of `one` over that of `first`: below 1 is less."""

    def ratio(a: float | None, b: float | None) -> float | None:
        return round(a / b, 4) if a is not None and b else None

    figures = {key: ratio(one[key], first[key]) for key in ("instructions", "cycles")}
    totals = {key: ratio(one[key]["total"], first[key]["total"]) for key in ("flash", "sram")}
    return figures | totals | {"flash_weights": ratio(one["flash"]["weights"], first["flash"]["weights"])}
