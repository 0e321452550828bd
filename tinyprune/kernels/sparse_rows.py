"""Sparse fully connected layers for the DSP extension: streams that a kernel reads from front to back."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tinyprune import ir
from tinyprune.arithmetic import Int64
from tinyprune.formats import unpack
from tinyprune.ir import Graph, Int8, Layer, Weighted
from tinyprune.kernels.fully_connected import sums_bytes
from tinyprune.kernels.h_packing import CHANNELS, halves, halves_problem
from tinyprune.kernels.kernel import Kernel, Operand, flash_or_sram
from tinyprune.kernels.proofs import accumulator_problem, right_requant_problem
from tinyprune.reference import convolution

FOUR = 4  # non-zeros or blocks at a time
ROUND = 8  # times that, in an unrolled loop
DELTA_CODE_BYTES = 64  # of four non-zeros in that loop
BLOCK_CODE_BYTES = 104  # of four blocks
LARGEST_GAP = 255


def _unfit(layer: Layer, graph: Graph) -> str:
    assert isinstance(layer, ir.Dense)
    return accumulator_problem(layer, graph, 29) or right_requant_problem(layer, graph)


def _delta_unfit(layer: Layer, graph: Graph) -> str:
    assert isinstance(layer, ir.Dense)
    if layer.weights.shape[1] > 32_000:  # then no row has 2^13 groups, fillers included
        return "a row of more than 32,000 inputs may be too long for a header"
    return _unfit(layer, graph)


def _delta_operand(layer: Weighted, graph: Graph) -> Operand:
    rows = [_delta_row(row) for row in unpack(layer.weights)]
    return Operand("", {"stream": np.concatenate([*rows, np.zeros(2, np.uint32)])})


def _delta_row(row: Int8) -> NDArray[np.uint32]:
    """The header of a row, and a word of weights and one of distances for each four non-zeros."""
    columns = np.flatnonzero(row)
    gaps = np.diff(columns, prepend=0)
    values = row[columns]
    if gaps.max(initial=0) > LARGEST_GAP:
        fillers = np.maximum(gaps - 1, 0) // LARGEST_GAP
        places = np.repeat(np.arange(len(columns)), fillers)
        values = np.insert(values, places, 0)
        gaps = np.insert(gaps - LARGEST_GAP * fillers, places, LARGEST_GAP)
    count = max(1, -(-len(values) // FOUR))
    content = np.zeros((2, FOUR * count), np.uint8)
    content[:, : len(values)] = values.view(np.uint8), gaps
    header = 8 * count + 4 | DELTA_CODE_BYTES * (-count % ROUND) << 16
    words = content.view("<u4").astype(np.uint32).T.reshape(-1)  # four bytes a word, the first lowest
    return np.concatenate([np.array([header], np.uint32), words])


def _block_unfit(layer: Layer, graph: Graph) -> str:
    assert isinstance(layer, ir.Dense)
    if layer.weights.shape[1] > 10_000:
        return "a row of more than 10,000 inputs may be too long for a header"
    problem = halves_problem(unpack(layer.weights)) or accumulator_problem(layer, graph, 23)
    return problem or right_requant_problem(layer, graph)


def _block_operand(layer: Weighted, graph: Graph) -> Operand:
    matrix = unpack(layer.weights)
    missing = -len(matrix) % CHANNELS
    whole = np.pad(matrix, ((0, missing), (0, 0))).reshape(-1, CHANNELS, matrix.shape[1])
    bias = np.pad(convolution.kernel_bias(layer, graph.tensors[layer.input]), (0, missing)).reshape(-1, CHANNELS)
    groups = [_block_row(*group) for group in zip(whole, bias, strict=True)]
    return Operand("", {"stream": np.concatenate([*groups, np.zeros(1, np.uint32)])})


def _block_row(rows: Int8, bias: Int64) -> NDArray[np.uint32]:
    """The header of four outputs (4, inputs), what their sums begin with, and two words of inputs and four of weights
    for each four blocks."""
    columns = np.flatnonzero(rows.any(axis=0))
    count = max(1, -(-len(columns) // FOUR))
    end = FOUR * count - len(columns)
    blocks = np.pad(rows[:, columns], ((0, 0), (0, end)))
    inputs = np.pad(columns, (0, end)).astype("<u2").view("<u4").astype(np.uint32)
    words = np.concatenate([inputs.reshape(count, 2), halves(blocks[:, np.newaxis]).reshape(count, 4)], axis=1)
    header = 24 * count | BLOCK_CODE_BYTES * (-count % ROUND) << 16
    starts = np.array([header, 256 * bias[0] + bias[1], 256 * bias[2] + bias[3], bias[1], bias[3]]) & 0xFFFFFFFF
    return np.concatenate([starts.astype(np.uint32), words.reshape(-1)])


CSR_DELTA = Kernel(
    "tp_dense_csr_delta_dsp_s8",
    scratch_bytes=sums_bytes,
    needs=frozenset({"dsp"}),
    unfit=_delta_unfit,
    operand=_delta_operand,
    places=flash_or_sram,
)

BSR_4X1 = Kernel(
    "tp_dense_bsr_4x1_dsp_s8",
    scratch_bytes=sums_bytes,
    needs=frozenset({"dsp"}),
    unfit=_block_unfit,
    operand=_block_operand,
    places=flash_or_sram,
    folded=frozenset({"bias"}),
)
