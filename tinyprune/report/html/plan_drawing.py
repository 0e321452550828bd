"""The memory plan as a drawing: layers from left to right, addresses from the bottom up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

WIDTH, HEIGHT = 960, 420
LEFT, RIGHT, TOP, BOTTOM = 72, 84, 24, 36
PLOT_WIDTH, PLOT_HEIGHT = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
LETTER = 6.6  # width of a letter of a label
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
    label: str  # cut to what has room
    title: str


@dataclass(frozen=True)
class Tick:
    at: float
    text: str


@dataclass(frozen=True)
class PlanDrawing:
    """`shared` is where blocks overlap while both are needed. `in_sram` is how much of the board's SRAM the arena is,
    in a column beside the plan that stands for all of it."""

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
        blocks=tuple(_block(block, layers, scale) for block in blocks),
        shared=_shared(blocks, scale),
        layers=_layer_ticks(len(layers), scale),
        addresses=_address_ticks(plan["bytes"], scale),
        in_sram=round(PLOT_HEIGHT * min(plan["bytes"] / sram_bytes, 1), 2),
    )


@dataclass(frozen=True)
class _Scale:
    steps: int
    bytes: int

    def x(self, step: int) -> float:
        """Where a step begins; the first is -1."""
        return LEFT + (step + 1) * PLOT_WIDTH / self.steps

    def y(self, address: int) -> float:
        return TOP + PLOT_HEIGHT * (1 - address / self.bytes)

    def rect(self, first: int, last: int, begin: int, end: int) -> Rect:
        left, top = self.x(first), self.y(end)
        return Rect(*(round(v, 2) for v in (left, top, self.x(last + 1) - left, self.y(begin) - top)))


def block_label(block: Mapping[str, Any], layers: Sequence[str]) -> str:
    """What a block is, in short: tensors of a file have long names."""
    if block["kind"] == "scratch":
        return f"scratch of {block['name']}"
    return "input" if block["first"] < 0 else layers[block["first"]]


def _block(block: Mapping[str, Any], layers: Sequence[str], scale: _Scale) -> DrawnBlock:
    rect = scale.rect(block["first"], block["last"], block["offset"], block["offset"] + block["bytes"])
    label = block_label(block, layers)
    room = int((rect.width - 8) / LETTER) if rect.height > 14 else 0
    shown = label if len(label) <= room else f"{label[: room - 1]}…" if room > 4 else ""
    title = f"{label}: {block['bytes']:,} bytes at {block['offset']:,} ({block['name']})"
    return DrawnBlock(rect, block["kind"], shown, title)


def _shared(blocks: Sequence[Mapping[str, Any]], scale: _Scale) -> tuple[Rect, ...]:
    found: dict[Rect, None] = {}
    for i, one in enumerate(blocks):
        for other in blocks[:i]:
            first, last = max(one["first"], other["first"]), min(one["last"], other["last"])
            begin = max(one["offset"], other["offset"])
            end = min(one["offset"] + one["bytes"], other["offset"] + other["bytes"])
            if first <= last and begin < end:
                found[scale.rect(first, last, begin, end)] = None
    return tuple(found)


def _layer_ticks(count: int, scale: _Scale) -> tuple[Tick, ...]:
    """Layers are numbered from 1, as in the table; every second, third, ... where they are many."""
    each = -(-count // MOST_LAYER_TICKS)
    named = {-1: "in", count: "out"} | {step: str(step + 1) for step in range(0, count, each)}
    middle = PLOT_WIDTH / scale.steps / 2
    return tuple(Tick(round(scale.x(step) + middle, 2), text) for step, text in sorted(named.items()))


def _address_ticks(top: int, scale: _Scale) -> tuple[Tick, ...]:
    """At multiples of a power of two, and at the end of the arena."""
    step = 1
    while top / step > MOST_ADDRESS_TICKS:
        step *= 2
    ticks = [Tick(round(scale.y(address), 2), f"{address:,}") for address in range(0, top, step)]
    return (*(tick for tick in ticks if tick.at - TOP >= TICK_DISTANCE), Tick(TOP, f"{top:,}"))
