"""The roofline of a board (Williams, Waterman, Patterson 2009, doi:10.1145/1498765.1498785): how many
multiply-accumulates a cycle each layer does, against how many it does with each byte of weights."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tinyprune.report.html.axis import Tick

WIDTH, HEIGHT = 716, 400
LEFT, RIGHT, TOP, BOTTOM = 72, 24, 24, 56
NEAR = 14  # points closer than this have one label


@dataclass(frozen=True)
class Point:
    x: float
    y: float
    sparse: bool
    title: str


@dataclass(frozen=True)
class Label:
    """The numbers, from 1, of the layers whose points lie together, and where the rightmost of these is."""

    x: float
    y: float
    text: str


@dataclass(frozen=True)
class Roofline:
    """`roof` is three points: where the flash bounds from, the knee, where the multiplier bounds to."""

    points: tuple[Point, ...]
    labels: tuple[Label, ...]
    roof: tuple[tuple[float, float], ...]
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]


def draw_roofline(layers: Sequence[Mapping[str, Any]], hardware: Mapping[str, Any]) -> Roofline | None:
    """None where no layer has multiply-accumulates, weights and measured cycles."""
    drawn = [_Speed.of(number, layer) for number, layer in enumerate(layers, 1) if _is_drawn(layer)]
    if not drawn:
        return None
    peak, slope = hardware["macs_per_cycle"], hardware["weight_bytes_per_cycle"]
    knee = peak / slope
    across = _Axis.over([knee, *(one.macs_per_byte for one in drawn)], LEFT, WIDTH - RIGHT)
    up = _Axis.over([peak, *(one.macs_per_cycle for one in drawn)], HEIGHT - BOTTOM, TOP)
    start = max(across.low, up.low / slope)
    roof = ((start, start * slope), (max(knee, start), peak), (across.high, peak))
    points = tuple(
        Point(across.at(one.macs_per_byte), up.at(one.macs_per_cycle), one.format != "dense", one.title)
        for one in drawn
    )
    return Roofline(
        points,
        _labels(points, [one.number for one in drawn]),
        tuple((across.at(x), up.at(y)) for x, y in roof),
        across.ticks(),
        up.ticks(),
    )


def _labels(points: Sequence[Point], numbers: Sequence[int]) -> tuple[Label, ...]:
    labels: list[Label] = []
    for point, number in zip(points, numbers, strict=True):
        near = (i for i, label in enumerate(labels) if abs(label.x - point.x) < NEAR and abs(label.y - point.y) < NEAR)
        i = next(near, None)
        if i is None:
            labels.append(Label(point.x, point.y, str(number)))
        else:
            labels[i] = replace(labels[i], x=max(labels[i].x, point.x), text=f"{labels[i].text}, {number}")
    return tuple(labels)


@dataclass(frozen=True)
class _Axis:
    """A logarithmic one from `low` at the pixel `begin` to `high` at `end`; both are powers of ten."""

    low: float
    high: float
    begin: int
    end: int

    @staticmethod
    def over(values: Sequence[float], begin: int, end: int) -> _Axis:
        low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
        return _Axis(10.0**low, 10.0 ** max(high, low + 1), begin, end)

    def at(self, value: float) -> float:
        share = math.log10(value / self.low) / math.log10(self.high / self.low)
        return round(self.begin + share * (self.end - self.begin), 2)

    def ticks(self) -> tuple[Tick, ...]:
        exponents = range(round(math.log10(self.low)), round(math.log10(self.high)) + 1)
        return tuple(Tick(self.at(10.0**exponent), f"{10.0**exponent:,g}") for exponent in exponents)


@dataclass(frozen=True)
class _Speed:
    number: int
    name: str
    format: str
    macs_per_byte: float
    macs_per_cycle: float

    @staticmethod
    def of(number: int, layer: Mapping[str, Any]) -> _Speed:
        macs = layer["macs"]
        return _Speed(number, layer["name"], layer["format"], macs / layer["weights_bytes"], macs / layer["cycles"])

    @property
    def title(self) -> str:
        speeds = f"{self.macs_per_cycle:.3g} MACs a cycle, {self.macs_per_byte:.3g} MACs a byte of weights"
        return f"{self.name} ({self.format}): {speeds}"


def _is_drawn(layer: Mapping[str, Any]) -> bool:
    return bool(layer["format"] and layer["macs"] and layer["weights_bytes"] and layer["cycles"])
