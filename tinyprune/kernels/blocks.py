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
from tinyprune.kernels.proofs import accumulator_problem, right_requant_problem, rounding_shows


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
    matrix = unpack(layer.weights).reshape(layer.weights.shape[0], -1)
    return (
        _packing(layer, graph).problem
        or halves_problem(matrix)
        or accumulator_problem(layer, graph, 23)
        or right_requant_problem(layer, graph)
    )


def halves_2x2(matrix: Int8) -> NDArray[np.uint32]:
    """The word of each 2x2 block of (channels, columns) weights: (pairs of channels, pairs of columns)."""
    wide = np.pad(matrix, ((0, len(matrix) % 2), (0, 0))).astype(np.int64)
    halves = 256 * wide[0::2] + wide[1::2] & 0xFFFF
    return (halves[:, 0::2] | halves[:, 1::2] << 16).astype(np.uint32)


def lists(words: NDArray[np.uint32], offsets: Int64, next_tile: int) -> NDArray[np.uint32]:
    """The lists of `tp_conv2d_bsr_2x2_dsp_weights`: one of each row of `words`, whose inputs lie at `offsets`."""

    def one(row: NDArray[np.uint32]) -> Int64:
        (kept,) = np.nonzero(row)
        steps = np.diff(offsets[kept], prepend=0, append=next_tile)
        entries = np.column_stack([np.append(row[kept].astype(np.int64), 0), steps])
        return np.append(len(kept), entries)

    return (np.concatenate([one(row) for row in words]) & 0xFFFFFFFF).astype(np.uint32)


def _constants(layer: Layer, graph: Graph) -> tuple[int, ...]:
    return _packing(layer, graph).pixel_step, rounding_shows(layer, graph)


def _operand(layer: Weighted, graph: Graph) -> Operand:
    packed = _packing(layer, graph)
    words = halves_2x2(packed.arrange(unpack(layer.weights)))
    entries = lists(words, packed.offsets[0::2], TILE * packed.pixel_step)
    numbers = {"width": 0 if packed.patched else packed.width, "strip_rows": layer.variant.rows}
    return Operand("tp_conv2d_bsr_2x2_dsp_weights", {"lists": entries}, numbers)


CONV2D_BSR_2X2 = Kernel(
    "tp_conv2d_bsr_2x2_dsp_s8",
    scratch_bytes=_scratch_bytes,
    needs=frozenset({"dsp"}),
    unfit=_unfit,
    operand=_operand,
    strips=strips,
    places=flash_or_sram,
    constants=_constants,
)
