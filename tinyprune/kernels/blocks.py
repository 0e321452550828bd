"""Convolution on non-zero blocks: of any shape in plain C, 2x2 h-packed (`tp_conv2d_bsr_2x2_dsp_s8.h`)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tinyprune import ir
from tinyprune.arithmetic import Int64
from tinyprune.formats import unpack
from tinyprune.ir import Graph, Int8, Layer, Weighted
from tinyprune.kernels.h_packing import halves_problem
from tinyprune.kernels.kernel import Kernel, Operand, flash_or_sram
from tinyprune.kernels.packing import TILE, Packing, packing, strips
from tinyprune.kernels.proofs import accumulator_problem
from tinyprune.kernels.tile_lists import LONGEST, endings, is_level, joined, requant_problem
from tinyprune.reference import convolution

OTHER_WORDS = 11  # of a list, at most, beside its entries
CODE_BYTES = 64  # of an entry in the unrolled loop


def as_stored(layer: Weighted, graph: Graph) -> Operand:
    """The arrays of a `bsr_RxC` as they are, and R and C."""
    rows, columns = map(int, layer.weights.format.removeprefix("bsr_").split("x"))
    return Operand("tp_bsr_weights", layer.weights.arrays, {"block_rows": rows, "block_columns": columns})


def _packing(layer: Layer, graph: Graph) -> Packing:
    assert isinstance(layer, ir.Conv2D)
    return packing(layer, graph, value_bytes=2)


def _scratch_bytes(layer: Layer, graph: Graph) -> int:
    assert isinstance(layer, ir.Conv2D)
    rows, width = layer.variant.rows, graph.tensors[layer.output].shape[2]
    return _packing(layer, graph).scratch_bytes(rows, rows * width)


def _unfit(layer: Layer, graph: Graph) -> str:
    assert isinstance(layer, ir.Conv2D)
    packed, matrix = _packing(layer, graph), unpack(layer.weights).reshape(layer.weights.shape[0], -1)
    if len(packed.offsets) > LONGEST - OTHER_WORDS:
        return f"an output has {len(packed.offsets):,} weights; a list holds {LONGEST - OTHER_WORDS:,}"
    return (
        packed.problem
        or halves_problem(matrix)
        or accumulator_problem(layer, graph, 23)
        or requant_problem(layer, graph)
    )


def halves_2x2(matrix: Int8) -> NDArray[np.uint32]:
    """The word of each 2x2 block of (channels, columns) weights: (pairs of channels, pairs of columns)."""
    wide = np.pad(matrix, ((0, len(matrix) % 2), (0, 0))).astype(np.int64)
    halves = 256 * wide[0::2] + wide[1::2] & 0xFFFF
    return (halves[:, 0::2] | halves[:, 1::2] << 16).astype(np.uint32)


def lists(words: NDArray[np.uint32], offsets: Int64, next_tile: int, bias: Int64, ends: Int64) -> NDArray[np.uint32]:
    """The lists of `tp_block_run_tiles`: one of each row of `words`, whose inputs lie at `offsets`; `bias`
    and `ends` of two channels a row, (rows, 2) and (rows, 2, words)."""

    def one(number: int) -> tuple[Int64, Int64, Int64]:
        (kept,) = np.nonzero(words[number])
        steps = np.diff(offsets[kept], prepend=0, append=next_tile)
        entries = np.column_stack([np.append(words[number][kept].astype(np.int64), 0), steps])
        first, second = bias[number]
        return np.array([256 * first + second, second]), entries.reshape(-1), ends[number].reshape(-1)

    return joined([one(number) for number in range(len(words))], 2, CODE_BYTES)


def _in_twos(values: Int64) -> Int64:
    """(channels, ...) to (pairs, 2, ...); a last one without a partner is its own."""
    padding = [(0, len(values) % 2)] + [(0, 0)] * (values.ndim - 1)
    return np.pad(values, padding, mode="edge").reshape(-1, 2, *values.shape[1:])


def _constants(layer: Layer, graph: Graph) -> tuple[int, ...]:
    return _packing(layer, graph).pixel_step, is_level(layer, graph)


def _operand(layer: Weighted, graph: Graph) -> Operand:
    assert isinstance(layer, ir.Conv2D)
    packed = _packing(layer, graph)
    words = halves_2x2(packed.arrange(unpack(layer.weights)))
    bias = _in_twos(convolution.kernel_bias(layer, graph.tensors[layer.input]))
    ends = _in_twos(endings(layer, graph))
    entries = lists(words, packed.offsets[0::2], TILE * packed.pixel_step, bias, ends)
    return Operand("tp_list_weights", {"lists": entries}, packed.numbers(layer))


CONV2D_BSR_2X2 = Kernel(
    "tp_conv2d_bsr_2x2_dsp_s8",
    scratch_bytes=_scratch_bytes,
    needs=frozenset({"dsp"}),
    unfit=_unfit,
    operand=_operand,
    strips=strips,
    places=flash_or_sram,
    constants=_constants,
    folded=frozenset({"bias", "requant"}),
)
