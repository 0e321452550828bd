"""Sparse-encoded constants of a `.tflite` file as dense arrays.

The encoding is TFLite's `SparsityParameters` (schema.fbs), after TACO (Kjolstad et al., 2017): the levels of a tree,
the outermost first, each either dense (every index) or compressed (the indices listed); the stored values are its
leaves, in order. Levels beyond the tensor's rank are the insides of blocks.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Level:
    """A dense level of `size` indices, or where `segments` is given a compressed one.

    Node p of the level above has the children indices[segments[p]:segments[p + 1]].
    """

    size: int
    segments: Ints | None = None
    indices: Ints | None = None


@dataclass(frozen=True, eq=False)
class Sparsity:
    """`order[i]` is the axis of level i; from the tensor's rank on it counts blocks, of axis `block_map[block]`."""

    order: tuple[int, ...]
    block_map: tuple[int, ...]
    levels: tuple[Level, ...]


def densify(values: NDArray[np.generic], sparsity: Sparsity, shape: tuple[int, ...]) -> NDArray[np.generic]:
    """The dense array of `shape`: the stored `values` where the tree has leaves, 0 elsewhere.

    Raises ValueError where the encoding does not fit the shape or the number of values.
    """
    rank, count = len(shape), len(shape) + len(sparsity.block_map)
    if sorted(sparsity.order) != list(range(count)) or len(sparsity.levels) != count:
        raise ValueError("sparsity with levels that are not the tensor's axes and blocks")
    axes: list[Ints] = [np.zeros(1, np.int64)] * rank
    blocks = _leaves(sparsity.levels, math.prod(shape))
    for level, axis in enumerate(sparsity.order):
        if axis < rank:
            axes[axis] = blocks[level]
    for level, axis in enumerate(sparsity.order):
        if axis >= rank:
            blocked = sparsity.block_map[axis - rank]
            if not 0 <= blocked < rank or sparsity.levels[level].segments is not None:
                raise ValueError(f"a block of axis {blocked} that is not dense, or of no axis")
            axes[blocked] = axes[blocked] * sparsity.levels[level].size + blocks[level]
    flat = np.ravel_multi_index(tuple(axes), shape)  # ValueError for what lies outside
    if flat.shape != values.shape or np.unique(flat).size != flat.size:
        raise ValueError(f"{values.size} values for {flat.size} sparse places")
    dense = np.zeros(math.prod(shape), values.dtype)
    dense[flat] = values
    return dense.reshape(shape)


def _leaves(levels: tuple[Level, ...], limit: int) -> list[Ints]:
    """For each level the index that each leaf has in it; a tree of more than `limit` nodes a level is refused."""
    indices: list[Ints] = []
    nodes = np.zeros(1, np.int64)  # where each node stands in its level, as compressed levels count
    for level in levels:
        parents, nodes, index = _children(level, nodes, limit)
        indices = [above[parents] for above in indices] + [index]
    return indices


def _children(level: Level, nodes: Ints, limit: int) -> tuple[Ints, Ints, Ints]:
    """The children of `nodes`: which of `nodes` each belongs to, where it stands in its level, its index."""
    if level.segments is None or level.indices is None:
        starts, counts = nodes * level.size, np.full(len(nodes), level.size, np.int64)
    else:
        if len(level.segments) <= nodes.max(initial=-1) + 1:
            raise ValueError("a sparse level with too few segments")
        starts = level.segments[nodes]
        counts = level.segments[nodes + 1] - starts
        if (counts < 0).any() or (starts < 0).any() or (starts + counts > len(level.indices)).any():
            raise ValueError("a sparse level with segments outside of its indices")
    if counts.sum() > limit or counts.min(initial=0) < 0:
        raise ValueError("more sparse places than the tensor has elements")
    parents = np.repeat(np.arange(len(nodes)), counts)
    places = starts[parents] + np.arange(len(parents)) - np.repeat(np.cumsum(counts) - counts, counts)
    return parents, places, places % level.size if level.indices is None else level.indices[places]
