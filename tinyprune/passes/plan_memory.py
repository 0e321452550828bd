"""Places activations and scratch in one arena. An output takes the place of its input where the kernel allows it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

from tinyprune import kernels
from tinyprune.ir import Arena, Graph, Placement
from tinyprune.passes.offsets import Block, alive, extent, lower_bound, place
from tinyprune.passes.share_places import blocks, share_places


def plan_memory(graph: Graph) -> Graph:
    """`graph` with its arena."""
    scratch = _scratch(graph)
    shared = share_places(graph, list(scratch.values()))
    activations, same = blocks(graph, shared)
    places = place([*activations, *scratch.values()], same)
    arena = Arena(
        bytes=extent(places),
        activation_bytes=min(extent(place(activations, same)), extent(places)),
        tensors={name: _inside(places[name], inset) for name, (_, inset) in shared.items()},
        scratch={layer: places[block.name] for layer, block in scratch.items()},
    )
    return replace(graph, arena=arena)


def crucial_scratch(graph: Graph, most: int) -> tuple[list[str], int]:
    """Layers whose scratch alone makes a plan of `graph` take more than `most` bytes, as its own plan does, and what it
    takes then: without any one of them it would not."""
    assert graph.arena is not None
    every, whole = _scratch(graph), graph.arena.bytes

    @cache
    def bytes_with(names: tuple[str, ...]) -> int:
        if len(names) == len(every):
            return whole
        scratch = [every[name] for name in names]
        activations, same = _activations(graph, scratch)
        return extent(place([*activations, *scratch], same))

    largest = tuple(sorted(every, key=lambda name: -every[name].bytes))
    counts = range(len(largest) + 1)
    crucial = largest[: bisect_left(counts, True, key=lambda count: bytes_with(largest[:count]) > most)]
    for name in reversed(crucial):
        if bytes_with(others := tuple(one for one in crucial if one != name)) > most:
            crucial = others
    return [*crucial], bytes_with(crucial)


def liveness_bound(graph: Graph) -> int:
    """The most bytes of activations that are alive in one layer: no plan with these places shared takes less."""
    return lower_bound(*_activations(graph, list(_scratch(graph).values())))


def alive_bytes(graph: Graph) -> list[int]:
    """The bytes of activations and scratch that are needed while each layer runs."""
    scratch = list(_scratch(graph).values())
    activations, same = _activations(graph, scratch)
    needed = alive([*activations, *scratch], same)
    return [needed[step] for step in range(len(graph.layers))]


def activations_alive(graph: Graph) -> list[int]:
    """The bytes of activations alone that are needed while each layer runs."""
    activations, same = _activations(graph, [])
    needed = alive(activations, same)
    return [needed[step] for step in range(len(graph.layers))]


def _inside(block: Placement, inset: int) -> Placement:
    return Placement(block.offset + inset, block.bytes - inset)


def _activations(graph: Graph, scratch: Sequence[Block]) -> tuple[list[Block], dict[str, str]]:
    """What is to be placed beside `scratch`, and the first of each place, as `blocks` has them."""
    return blocks(graph, share_places(graph, scratch))


def _scratch(graph: Graph) -> dict[str, Block]:
    """By layer: what its kernel needs besides input and output."""
    return {
        layer.name: Block(f"scratch {layer.name}", needed, step, step)
        for step, layer in enumerate(graph.layers)
        if (needed := kernels.scratch_bytes(layer, graph))
    }
