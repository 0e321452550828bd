"""Fully connected layers on 1:4 and 2:4 weights (`tp_dense_nm_dsp_s8.h`): pairs of weights, times pairs of inputs."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from tinyprune import ir
from tinyprune.arithmetic import Int64
from tinyprune.formats import unpack
from tinyprune.ir import Graph, Int8, Layer, Weighted
from tinyprune.kernels.kernel import Kernel, Operand
from tinyprune.kernels.n_of_m import pattern
from tinyprune.kernels.proofs import accumulator_problem, right_requant_problem

ROUND = 8  # runs, that is pairs of weights
WORD = 4  # bytes
PAIRS: dict[int, tuple[int, list[tuple[int, int]]]] = {
    1: (8, [(first, 4 + second) for second in range(4) for first in range(4)]),
    2: (4, list(combinations(range(4), 2))),
}
"""By how many of 4 stay: the inputs of a run, and which two of them each code stands for (`tp_input_pairs.h`)."""


def _rounds(layer: ir.Dense) -> int:
    run, _ = PAIRS[pattern(layer).kept]
    return -(-layer.weights.shape[1] // (run * ROUND))


def _scratch_bytes(layer: Layer, graph: Graph) -> int:
    """A word for each pair of a run, in whole rounds; an int32 for each output."""
    assert isinstance(layer, ir.Dense)
    _, pairs = PAIRS[pattern(layer).kept]
    return WORD * (_rounds(layer) * ROUND * len(pairs) + layer.weights.shape[0])


def _unfit(layer: Layer, graph: Graph) -> str:
    assert isinstance(layer, ir.Dense)
    return accumulator_problem(layer, graph, 29) or right_requant_problem(layer, graph)


def _constants(layer: Layer, graph: Graph) -> tuple[int, ...]:
    assert isinstance(layer, ir.Dense)
    return (pattern(layer).kept,)


def codes(runs: Int8, pairs: list[tuple[int, int]]) -> Int64:
    """The first of `pairs` that has all non-zeros of a run: (rows, runs) of (rows, runs, inputs) weights."""
    outside = np.ones((len(pairs), runs.shape[2]), np.int64)
    np.put_along_axis(outside, np.array(pairs), 0, axis=1)
    missed = (runs != 0).astype(np.int64) @ outside.T
    return np.argmin(missed, axis=2)


def _operand(layer: Weighted, graph: Graph) -> Operand:
    assert isinstance(layer, ir.Dense)
    run, pairs = PAIRS[pattern(layer).kept]
    matrix, rounds = unpack(layer.weights), _rounds(layer)
    whole = np.pad(matrix, ((0, 0), (0, rounds * ROUND * run - matrix.shape[1])))
    runs = whole.reshape(len(matrix), -1, run)
    code = codes(runs, pairs)
    weights = np.take_along_axis(runs, np.array(pairs)[code], axis=2)
    words = np.dstack([_code_bytes(code.reshape(len(matrix), rounds, ROUND)), _weight_bytes(weights, rounds)])
    stream = words.astype(np.uint8).view("<u4").astype(np.uint32).reshape(-1)
    return Operand("tp_dense_nm_dsp_weights", {"words": np.append(stream, np.uint32(0))}, {"rounds": rounds})


def _code_bytes(code: Int64) -> NDArray[np.uint8]:
    """(outputs, rounds, 8) codes in 4 bytes: the first four in their low halves."""
    return (code[..., :4] | code[..., 4:] << 4).astype(np.uint8)


def _weight_bytes(weights: Int8, rounds: int) -> NDArray[np.uint8]:
    """(outputs, runs, 2) weights as (outputs, rounds, 16): of each two pairs both first ones, then both second ones."""
    pairs = weights.reshape(len(weights), rounds, ROUND // 2, 2, 2)
    return np.ascontiguousarray(pairs.swapaxes(3, 4)).reshape(len(weights), rounds, -1).view(np.uint8)


DENSE = Kernel(
    "tp_dense_nm_dsp_s8",
    scratch_bytes=_scratch_bytes,
    needs=frozenset({"dsp"}),
    unfit=_unfit,
    operand=_operand,
    constants=_constants,
)
