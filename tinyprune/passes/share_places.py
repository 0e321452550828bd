"""Decides which activations lie in the place of another, before anything has an offset in the arena."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from tinyprune.arithmetic import Int64
from tinyprune.ir import Graph, Placement
from tinyprune.passes.offsets import ALIGNMENT, Block
from tinyprune.passes.sharing import Run, Sharing, Spot, hosts, parts
from tinyprune.passes.verify import live_ranges

Places = Mapping[str, Run]
"""For each activation the first one of the place that it lies in, and how many bytes into that place."""


def share_places(graph: Graph, scratch: Sequence[Block]) -> Places:
    """Outputs lie in the place of an input that ends, where the kernel allows it. Parts lie in their whole, which saves
    a copy, where the fullest step does not need more for it."""
    sharer = _Sharer(graph, scratch)
    for layer in graph.layers:
        for name in hosts(layer, graph):
            if sharer.join(layer.output, (name, 0)):
                break
    for name, whole in parts(graph).items():
        sharer.join(name, whole, at_most=int(sharer.filled.max()))
    return sharer.places


def blocks(graph: Graph, places: Places) -> tuple[list[Block], dict[str, str]]:
    """The activations, and the first of each one's place. A part takes up its place from the beginning of it."""
    lifetimes = live_ranges(graph)
    found = [Block(name, places[name][1] + graph.tensors[name].bytes, *lifetimes[name]) for name in places]
    return found, {name: first for name, (first, _) in places.items() if name != first}


class _Sharer:
    """`members` and `heights` are by the first activation of a place: what lies in it, and how many bytes of it are
    needed in each step; `filled` is the sum of these, with the scratch. Step -1 comes first."""

    def __init__(self, graph: Graph, scratch: Sequence[Block]) -> None:
        self.graph = graph
        self.lifetimes = live_ranges(graph)
        self.sharing = Sharing.of(graph, self.lifetimes)
        self.places: dict[str, Run] = {name: (name, 0) for name in self.lifetimes}
        self.members = {name: [name] for name in self.lifetimes}
        spans = {name: (graph.tensors[name].bytes, *ends) for name, ends in self.lifetimes.items()}
        self.heights = {name: self.height(*span) for name, span in spans.items()}
        lying = [*self.heights.values(), *(self.height(block.bytes, block.start, block.end) for block in scratch)]
        self.filled = sum(map(_aligned, lying), self.height(0, 0, 0))

    def height(self, size: int, start: int, end: int) -> Int64:
        steps = np.arange(-1, len(self.graph.layers) + 1)
        return np.where((start <= steps) & (steps <= end), size, 0)

    def join(self, name: str, to: Run, at_most: int | None = None) -> bool:
        """Puts the place of `name` into another, so that `name` begins at `to`, unless something clashes then, or
        more than `at_most` bytes are needed in a step."""
        (own, inset), (first, base) = self.places[name], self.places[to[0]]
        shift = base + to[1] - inset
        down, up = max(-shift, 0), max(shift, 0)  # how far the one and the other are from where their new place begins
        if own == first or self.clashes(first, down, own, up):
            return False
        together = np.maximum(_raised(self.heights[first], down), _raised(self.heights[own], up))
        before = _aligned(self.heights[first]) + _aligned(self.heights[own])
        filled = self.filled - before + _aligned(together)
        if at_most is not None and filled.max() > at_most:
            return False
        self.places |= dict([*self.moved(first, down, first), *self.moved(own, up, first)])
        self.members[first] += self.members.pop(own)
        self.heights[first], self.filled = together, filled
        return True

    def clashes(self, first: str, down: int, own: str, up: int) -> bool:
        there, coming = (
            [
                Spot(name, Placement(at, self.graph.tensors[name].bytes), *self.lifetimes[name])
                for name, (_, at) in moved
            ]
            for moved in (self.moved(first, down, first), self.moved(own, up, first))
        )
        return any(self.sharing.clash(one, other) for one in there for other in coming)

    def moved(self, place: str, by: int, to: str) -> list[tuple[str, Run]]:
        """The members of a place, `by` bytes further on, as members of `to`."""
        return [(name, (to, self.places[name][1] + by)) for name in self.members[place]]


def _raised(height: Int64, by: int) -> Int64:
    return np.where(height > 0, height + by, 0)


def _aligned(height: Int64) -> Int64:
    return -(-height // ALIGNMENT) * ALIGNMENT
