"""The memory plan as a drawing: layers from left to right, addresses from the bottom up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tinyprune.report.html.axis import Tick
from tinyprune.report.memory_plan import SCRATCH

HEIGHT = 400
LEFT, RIGHT, TOP, BOTTOM = 72, 84, 24, 36
LEAST_PLOT_WIDTH, LEAST_STEP_WIDTH = 560, 24
PLOT_HEIGHT = HEIGHT - TOP - BOTTOM
LETTER, LEAST_LABELLED = 6, 14  # the width of a letter of a label, and the least height of a block that has one
MOST_LAYER_TICKS, MOST_ADDRESS_TICKS = 24, 6
TICK_DISTANCE = 16


@dataclass(frozen=True)
class Rect:
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class DrawnBlock:
    rect: Rect
    kind: str
    label: str  # the name or else the number of the layer that makes it, if there is room
    title: str


@dataclass(frozen=True)
class PlanDrawing:
    """`shared` is where blocks overlap while both are needed. `in_sram` is how much of the board's SRAM the arena is,
    in a column beside the plan that stands for all of it."""

    width: int
    blocks: tuple[DrawnBlock, ...]
    shared: tuple[Rect, ...]
    layers: tuple[Tick, ...]
    addresses: tuple[Tick, ...]
    in_sram: float


def draw_plan(plan: Mapping[str, Any], layers: Sequence[str], sram_bytes: int) -> PlanDrawing:
    """The drawing of report.json's `memory_plan`; `layers` are their names."""
    scale = _Scale(len(layers) + 2, max(plan["bytes"], 1))
    blocks: list[Mapping[str, Any]] = plan["blocks"]
    return PlanDrawing(
        width=LEFT + scale.width + RIGHT,
        blocks=tuple(_block(block, layers, scale, _covered_from(block, blocks)) for block in blocks),
        shared=_shared(blocks, scale),
        layers=_layer_ticks(len(layers), scale),
        addresses=_address_ticks(plan["bytes"], scale),
        in_sram=round(PLOT_HEIGHT * min(plan["bytes"] / sram_bytes, 1), 2),
    )


@dataclass(frozen=True)
class _Scale:
    steps: int
    bytes: int

    @property
    def width(self) -> int:
        return max(LEAST_PLOT_WIDTH, self.steps * LEAST_STEP_WIDTH)

    def x(self, step: int) -> float:
        """Where a step begins; the first is -1."""
        return LEFT + (step + 1) * self.width / self.steps

    def y(self, address: int) -> float:
        return TOP + PLOT_HEIGHT * (1 - address / self.bytes)

    def rect(self, first: int, last: int, begin: int, end: int) -> Rect:
        left, top = self.x(first), self.y(end)
        return Rect(*(round(v, 2) for v in (left, top, self.x(last + 1) - left, self.y(begin) - top)))


def block_label(block: Mapping[str, Any], layers: Sequence[str]) -> str:
    """What a block is, in short: tensors of a file have long names."""
    if block["kind"] == SCRATCH:
        return f"scratch of {block['name']}"
    first: int = block["first"]
    name = "input" if first < 0 else layers[first]
    return f"{name}, as int16" if block["wide"] else name


def _block(block: Mapping[str, Any], layers: Sequence[str], scale: _Scale, covered_from: int) -> DrawnBlock:
    rect = scale.rect(block["first"], block["last"], block["offset"], _end(block))
    label = block_label(block, layers)
    short = ("scratch", "") if block["kind"] == SCRATCH else (label, str(block["first"] + 1))
    room = int((scale.x(covered_from) - rect.x - 8) / LETTER) if rect.height > LEAST_LABELLED else 0
    shown = next((text for text in short if len(text) <= room), "")
    title = f"{label}: {block['bytes']:,} bytes at {block['offset']:,} ({block['name']})"
    return DrawnBlock(rect, block["kind"], shown, title)


def _covered_from(block: Mapping[str, Any], blocks: Sequence[Mapping[str, Any]]) -> int:
    """The step from which another block lies in the place of this one; else that after its last."""
    later = (other for other in blocks if other["first"] > block["first"] and _overlap(block, other))
    return min((other["first"] for other in later), default=block["last"] + 1)


def _shared(blocks: Sequence[Mapping[str, Any]], scale: _Scale) -> tuple[Rect, ...]:
    pairs = ((one, other) for i, one in enumerate(blocks) for other in blocks[:i])
    overlaps = (_overlap(one, other) for one, other in pairs)
    return tuple(dict.fromkeys(scale.rect(*overlap) for overlap in overlaps if overlap))


def _overlap(one: Mapping[str, Any], other: Mapping[str, Any]) -> tuple[int, int, int, int] | None:
    """The first and last step, and the bytes from and to, that two blocks have in common."""
    first, last = max(one["first"], other["first"]), min(one["last"], other["last"])
    begin, end = max(one["offset"], other["offset"]), min(_end(one), _end(other))
    return (first, last, begin, end) if first <= last and begin < end else None


def _end(block: Mapping[str, Any]) -> int:
    return block["offset"] + block["bytes"]


def _layer_ticks(count: int, scale: _Scale) -> tuple[Tick, ...]:
    """Layers are numbered from 1, as in the table; every second, third, ... where they are many."""
    each = -(-count // MOST_LAYER_TICKS)
    named = {-1: "in", count: "out"} | {step: str(step + 1) for step in range(0, count, each)}
    middle = scale.width / scale.steps / 2
    return tuple(Tick(round(scale.x(step) + middle, 2), text) for step, text in sorted(named.items()))


def _address_ticks(top: int, scale: _Scale) -> tuple[Tick, ...]:
    """At multiples of a power of two, and at the end of the arena."""
    step = 1
    while top / step > MOST_ADDRESS_TICKS:
        step *= 2
    ticks = [Tick(round(scale.y(address), 2), f"{address:,}") for address in range(0, top, step)]
    return (*(tick for tick in ticks if tick.at - TOP >= TICK_DISTANCE), Tick(TOP, f"{top:,}"))
