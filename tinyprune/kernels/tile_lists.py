"""The lists of sparse convolutions (`tp_tile_line.h`): all that a tile of outputs needs, bias and requantization
included, so that nothing is computed for a channel while the layer runs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tinyprune.arithmetic import Int64, Requant
from tinyprune.ir import Graph, Layer, Weighted
from tinyprune.kernels.kernel import as_scaled
from tinyprune.kernels.level import FRACTION, level
from tinyprune.kernels.proofs import right_requant_problem

RAISED = 8  # bits: of accumulators where they are requantized
ROUND = 8  # entries in an unrolled loop
LONGEST = (1 << 16) - 1  # words of a list


def is_level(layer: Layer, graph: Graph) -> int:
    """Whether a common shift is proved for the layer, 1 or 0."""
    assert isinstance(layer, Weighted)
    return int(not level(layer, graph, RAISED).problem)


def requant_problem(layer: Weighted, graph: Graph) -> str:
    """Why a tile cannot requantize for this layer; "" where it can, one way or the other."""
    return "" if is_level(layer, graph) else right_requant_problem(layer, graph)


def requant(layer: Weighted, graph: Graph) -> Requant:
    """What stands in the places of multipliers and shifts, for lists that are made at run time."""
    found = level(layer, graph, RAISED)
    return as_scaled(layer, graph) if found.problem else found.words


def endings(layer: Weighted, graph: Graph) -> Int64:
    """The last words of each channel's list: M' and C at a common shift, else multiplier, addend and exponent."""
    middle, to = 2 * graph.tensors[layer.output].zero_point + 1, requant(layer, graph)
    multiplier, shift = to.multiplier.astype(np.int64), to.shift.astype(np.int64)
    if is_level(layer, graph):
        words = multiplier, (middle << (FRACTION - 1)) + shift
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
