"""How accurate a model is at the sparsities that were compared."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tinyprune.report.html.axis import Tick

WIDTH, HEIGHT = 716, 300
LEFT, RIGHT, TOP, BOTTOM = 72, 72, 28, 56
STEPS = (0.01, 0.02, 0.05, 0.1, 0.2)  # between lines of accuracy; none so fine that noise looks like a fall
MOST_STEPS = 6
UNPRUNED = "as it came"


@dataclass(frozen=True)
class Point:
    """`names` are the variants that have this sparsity and accuracy."""

    x: float
    y: float
    names: str
    title: str


@dataclass(frozen=True)
class AccuracyDrawing:
    """`points` by rising sparsity."""

    points: tuple[Point, ...]
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]


def draw_accuracy(document: Mapping[str, Any]) -> AccuracyDrawing | None:
    """Of what `comparison.json` holds. None for variants of several models, and where fewer than two sparsities have an
    accuracy: there is nothing to be seen."""
    reports: list[Mapping[str, Any]] = [variant["report"] for variant in document["variants"]]
    places = _places(document)
    if len({one["model"]["sha256"] for one in reports}) > 1 or len({sparsity for sparsity, _ in places}) < 2:
        return None
    low, high, step = _range([accuracy for _, accuracy in places])

    def up(accuracy: float) -> float:
        return round(HEIGHT - BOTTOM - (accuracy - low) / (high - low) * (HEIGHT - BOTTOM - TOP), 2)

    points = [
        Point(_across(x), up(y), ", ".join(names), f"{', '.join(names)}: {y:.1%} right at {x:.0%} zeros")
        for (x, y), names in sorted(places.items())
    ]
    lines = [low + i * step for i in range(round((high - low) / step) + 1)]
    return AccuracyDrawing(
        tuple(points),
        tuple(Tick(_across(share / 5), f"{share * 20}%") for share in range(6)),
        tuple(Tick(up(line), f"{line:.0%}") for line in lines),
    )


def _places(document: Mapping[str, Any]) -> dict[tuple[float, float], list[str]]:
    """The names of what has a sparsity and an accuracy, by these two."""
    places: dict[tuple[float, float], list[str]] = {}
    if document["unpruned_accuracy"] is not None:
        places[(0.0, document["unpruned_accuracy"])] = [UNPRUNED]
    for variant in document["variants"]:
        report = variant["report"]
        if report["accuracy"] is not None:
            places.setdefault((report["options"]["sparsity"], report["accuracy"]), []).append(variant["name"])
    return places


def _across(sparsity: float) -> float:
    return round(LEFT + sparsity * (WIDTH - LEFT - RIGHT), 2)


def _range(accuracies: Sequence[float]) -> tuple[float, float, float]:
    """From and to which accuracy is drawn, both a multiple of the third, the finest of STEPS that gives few lines."""
    least, most = min(accuracies), max(accuracies)

    def lines(step: float) -> tuple[int, int]:
        first = math.floor(least / step + 1e-9)
        return first, max(math.ceil(most / step - 1e-9), first + 1)

    step = next(step for step in STEPS if lines(step)[1] - lines(step)[0] <= MOST_STEPS)  # the last one always is
    first, last = lines(step)
    return first * step, last * step, step
