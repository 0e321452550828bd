"""Decides which activations lie in the place of another, before anything has an offset in the arena."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tinyprune import ir
from tinyprune.ir import Graph, Placement
from tinyprune.passes.offsets import Block, lower_bound
from tinyprune.passes.sharing import Run, Sharing, Spot, hosts, parts
from tinyprune.passes.verify import live_ranges

Places = Mapping[str, Run]
"""For each activation the first one of the place that it lies in, and how many bytes into that place."""


def share_places(graph: Graph, scratch: list[Block]) -> Places:
    """Reshapes lie on their input, outputs in the place of an input that ends where the kernel allows it. Parts lie in
    their whole, which saves a copy, where no step that is already among the fullest then needs more."""
    return _Sharer(graph, live_ranges(graph), scratch).places()


def blocks(graph: Graph, places: Places) -> tuple[list[Block], dict[str, str]]:
    """The activations, and the first of each one's place. A part takes up its place from the beginning of it."""
    lifetimes = live_ranges(graph)
    found = [Block(name, places[name][1] + graph.tensors[name].bytes, *lifetimes[name]) for name in places]
    return found, {name: first for name, (first, _) in places.items() if name != first}


@dataclass(frozen=True)
class _Sharer:
    graph: Graph
    lifetimes: Mapping[str, tuple[int, int]]
    scratch: list[Block]

    def places(self) -> Places:
        sharing = Sharing.of(self.graph, self.lifetimes)
        places: Places = {name: (name, 0) for name in self.lifetimes}
        for layer in self.graph.layers:
            names = [layer.input] if isinstance(layer, ir.Reshape) else hosts(layer, self.graph)
            tried = (self.moved(places, layer.output, (name, 0), sharing) for name in names if name in places)
            places = next((found for found in tried if found is not None), places)
        for name, whole in parts(self.graph).items():
            found = self.moved(places, name, whole, sharing)
            if found is not None and self.bound(found) <= self.bound(places):
                places = found
        return places

    def moved(self, places: Places, name: str, to: Run, sharing: Sharing) -> Places | None:
        """With the place of `name` inside of another, so that `name` begins at `to`; None where something clashes."""
        (own, inset), (first, base) = places[name], places[to[0]]
        if own == first:
            return None
        shift = base + to[1] - inset
        there = dict(self.members(places, first))
        coming = {member: offset + shift for member, offset in self.members(places, own)}
        if any(sharing.clash(self.spot(*a), self.spot(*b)) for a in there.items() for b in coming.items()):
            return None
        lowest = min(0, *coming.values())
        return {**places, **{member: (first, offset - lowest) for member, offset in {**there, **coming}.items()}}

    def members(self, places: Places, first: str) -> Iterator[Run]:
        return ((name, offset) for name, (place, offset) in places.items() if place == first)

    def spot(self, name: str, offset: int) -> Spot:
        return Spot(name, Placement(offset, self.graph.tensors[name].bytes), *self.lifetimes[name])

    def bound(self, places: Places) -> int:
        activations, same = blocks(self.graph, places)
        return lower_bound([*activations, *self.scratch], same)
