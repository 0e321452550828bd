"""The lists of sparse convolutions (`tp_tile_line.h`): all that a tile of outputs needs, bias and requantization
included, so that nothing is computed for a channel while the layer runs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tinyprune.arithmetic import Int64, Requant
from tinyprune.ir import Graph, Layer, Weighted
from tinyprune.kernels import level

RAISED = 8  # bits: of accumulators where they are requantized
ROUND = 8  # entries in an unrolled loop
LONGEST = (1 << 16) - 1  # words of a list


def is_level(layer: Layer, graph: Graph) -> int:
    """Whether outputs are requantized at a common shift, 1 or 0: that of most layers, for lists share their code."""
    assert isinstance(layer, Weighted)
    return int(level.common_shift(layer, graph, RAISED, any_fraction=False) > 0)


def requant_problem(layer: Weighted, graph: Graph) -> str:
    """Why tiles can requantize neither way; "" where they can."""
    return level.requant_problem(layer, graph, RAISED, any_fraction=False)


def requant(layer: Weighted, graph: Graph) -> Requant:
    """`Kernel.requant` where lists are made at run time."""
    return level.requant(layer, graph, RAISED, any_fraction=False)


def endings(layer: Weighted, graph: Graph) -> Int64:
    """The last words of each channel's list: M' and C at a common shift, else multiplier, addend and exponent."""
    middle, to = 2 * graph.tensors[layer.output].zero_point + 1, requant(layer, graph)
    multiplier, shift = to.multiplier.astype(np.int64), to.shift.astype(np.int64)
    if is_level(layer, graph):
        words = multiplier, (middle << (level.FRACTION - 1)) + shift
    else:
        words = multiplier, middle * (np.int64(1) << (-shift - 1)), -shift
    channels = layer.weights.shape[0]
    return np.stack([np.broadcast_to(word, channels) for word in words], axis=1)


def joined(lists: list[tuple[Int64, Int64, Int64]], entry_words: int, code_bytes: int) -> NDArray[np.uint32]:
    """One behind the other: of each the two words that sums begin with, the entries with what ends them, and the last
    words. An entry has `entry_words` words, and takes `code_bytes` in the unrolled loop."""
    made = [np.concatenate([_head(one, entry_words, code_bytes), *one]) for one in lists]
    return (np.concatenate(made) & 0xFFFFFFFF).astype(np.uint32)


def _head(one: tuple[Int64, Int64, Int64], entry_words: int, code_bytes: int) -> Int64:
    """How much of the first round is skipped, all of it where there is no entry; and the length of the list."""
    count = len(one[1]) // entry_words - 1
    skipped = -count % ROUND if count else ROUND
    return np.array([skipped * code_bytes | (1 + sum(map(len, one))) << 16], np.int64)
