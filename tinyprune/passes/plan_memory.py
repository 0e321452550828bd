"""Places activations and scratch in one arena: what is never alive at the same time may share bytes.

Greedy by size (Pisarchyk and Lee, 2020, arXiv:2001.03288): the largest first, each at the lowest offset where it meets
nothing that lives at the same time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from tinyprune import kernels
from tinyprune.ir import Arena, Graph, Placement
from tinyprune.passes.verify import live_ranges

ALIGNMENT = 4


@dataclass(frozen=True)
class Block:
    """Something to place: `bytes` bytes from step `start` to step `end`, both included."""

    name: str
    bytes: int
    start: int
    end: int


def plan_memory(graph: Graph) -> Graph:
    """`graph` with its arena."""
    activations = [
        Block(name, graph.tensors[name].bytes, start, end) for name, (start, end) in live_ranges(graph).items()
    ]
    scratch = [
        Block(f"scratch {layer.name}", needed, step, step)
        for step, layer in enumerate(graph.layers)
        if (needed := kernels.scratch_bytes(layer, graph))
    ]
    places = place(activations + scratch)
    arena = Arena(
        bytes=extent(places),
        activation_bytes=extent(place(activations)),
        tensors={block.name: places[block.name] for block in activations},
        scratch={block.name.removeprefix("scratch "): places[block.name] for block in scratch},
    )
    return replace(graph, arena=arena)


def place(blocks: list[Block]) -> dict[str, Placement]:
    """An offset for each block, no two alive at once overlapping; deterministic."""
    placed: list[tuple[Block, Placement]] = []
    for block in sorted(blocks, key=lambda b: (-b.bytes, b.start, b.name)):
        in_the_way = sorted(
            (spot for other, spot in placed if block.start <= other.end and other.start <= block.end),
            key=lambda spot: spot.offset,
        )
        placed.append((block, Placement(_lowest_gap(block.bytes, in_the_way), block.bytes)))
    return {block.name: spot for block, spot in placed}


def _lowest_gap(size: int, taken: list[Placement]) -> int:
    offset = 0
    for spot in taken:
        if offset + size <= spot.offset:
            break
        offset = max(offset, _aligned(spot.end))
    return offset


def extent(places: Mapping[str, Placement]) -> int:
    """The bytes of an arena that holds all of `places`."""
    return _aligned(max((spot.end for spot in places.values()), default=0))


def _aligned(offset: int) -> int:
    return -(-offset // ALIGNMENT) * ALIGNMENT
