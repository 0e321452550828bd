"""Where blocks of known lifetimes lie in one arena: what is never alive at the same time may share bytes.

Several greedy orders (Pisarchyk and Lee, 2020, arXiv:2001.03288, and variants), the best kept; where that is not yet at
the lower bound, a branch and bound that ends after so many nodes: the same question always has the same answer.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tinyprune.ir import Placement
from tinyprune.passes.offset_search import search

ALIGNMENT = 4


@dataclass(frozen=True)
class Block:
    """Something to place: `bytes` bytes from step `start` to step `end`, both included."""

    name: str
    bytes: int
    start: int
    end: int


Group = tuple[Block, ...]
"""Blocks that begin at one offset: each takes the place of another."""


def place(blocks: Sequence[Block], same: Mapping[str, str] | None = None) -> dict[str, Placement]:
    """An offset for each block, a multiple of ALIGNMENT, no two alive at once overlapping; deterministic.

    `same` says of a block at whose offset it begins: these two may overlap.
    """
    groups = _groups(blocks, same or {})
    offsets = _offsets(groups)
    return {
        block.name: Placement(offset, block.bytes)
        for group, offset in zip(groups, offsets, strict=True)
        for block in group
    }


def extent(places: Mapping[str, Placement]) -> int:
    """The bytes of an arena that holds all of `places`."""
    return _aligned(max((spot.end for spot in places.values()), default=0))


def alive(blocks: Sequence[Block], same: Mapping[str, str] | None = None) -> dict[int, int]:
    """The bytes that are alive in each step, those that begin at one offset counted once."""
    return _alive(_groups(blocks, same or {}))


def lower_bound(blocks: Sequence[Block], same: Mapping[str, str] | None = None) -> int:
    """The most bytes that are alive in one step: no placement of these blocks takes less."""
    return max(alive(blocks, same).values(), default=0)


def _groups(blocks: Sequence[Block], same: Mapping[str, str]) -> list[Group]:
    """In an order that depends on the blocks alone."""
    found: dict[str, list[Block]] = defaultdict(list)
    for block in blocks:
        head = block.name
        while head in same:
            head = same[head]
        found[head].append(block)
    return sorted((tuple(sorted(group, key=_canonical)) for group in found.values()), key=lambda g: _canonical(g[0]))


def _canonical(block: Block) -> tuple[int, int, int, str]:
    return block.start, block.end, -block.bytes, block.name


def _offsets(groups: Sequence[Group]) -> list[int]:
    reach = [[_reach(one, other) if i != j else 0 for j, other in enumerate(groups)] for i, one in enumerate(groups)]
    sizes = [_size(group) for group in groups]
    filled = _alive(groups)

    def extent_of(offsets: list[int]) -> int:
        return max((offset + size for offset, size in zip(offsets, sizes, strict=True)), default=0)

    tried = [_greedy(sorted(range(len(groups)), key=key), reach) for key in _orders(groups, filled)]
    best = min(tried, key=extent_of)
    bound = max(filled.values(), default=0)
    if extent_of(best) == bound:
        return best
    steps = [[i for i, group in enumerate(groups) if _size_at(group, step)] for step in filled]
    return search(reach, sizes, steps, bound, extent_of(best)) or best


def _orders(groups: Sequence[Group], filled: Mapping[int, int]) -> list[Callable[[int], tuple[int, ...]]]:
    """Sort keys of the numbers of groups: the order in which a greedy placement takes them."""
    size = [_size(group) for group in groups]
    life = [max(block.end for block in group) - group[0].start + 1 for group in groups]
    crowd = [max(filled[step] for block in group for step in range(block.start, block.end + 1)) for group in groups]
    return [
        lambda i: (-size[i], i),
        lambda i: (-size[i] * life[i], i),
        lambda i: (-crowd[i], -size[i], i),  # the fullest step first: "by breadth"
        lambda i: (-life[i], -size[i], i),
        lambda i: (i,),  # by start
        lambda i: (-i,),
    ]


def _greedy(order: Sequence[int], reach: Sequence[Sequence[int]]) -> list[int]:
    """Each at the lowest offset at which it meets nothing that is already placed."""
    offsets: dict[int, int] = {}
    for i in order:
        closed = sorted((at - reach[i][j], at + reach[j][i]) for j, at in offsets.items() if reach[j][i])
        offset = 0
        for low, high in closed:
            if offset <= low:
                break
            offset = max(offset, high)
        offsets[i] = offset
    return [offsets[i] for i in range(len(order))]


def _reach(one: Group, other: Group) -> int:
    """How far above the offset of `one` that of `other` must be, where it is not below; 0 if they never meet."""
    meeting = (a.bytes for a in one for b in other if a.start <= b.end and b.start <= a.end)
    return _aligned(max(meeting, default=0))


def _alive(groups: Sequence[Group]) -> dict[int, int]:
    steps = sorted({step for group in groups for block in group for step in range(block.start, block.end + 1)})
    return {step: sum(_size_at(group, step) for group in groups) for step in steps}


def _size(group: Group) -> int:
    return _aligned(max(block.bytes for block in group))


def _size_at(group: Group, step: int) -> int:
    return _aligned(max((block.bytes for block in group if block.start <= step <= block.end), default=0))


def _aligned(offset: int) -> int:
    return -(-offset // ALIGNMENT) * ALIGNMENT
