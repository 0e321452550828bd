"""Convolution on non-zero weights (`tp_pair_block.h`): a list for each output channel, two pixels in a word."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tinyprune import ir
from tinyprune.arithmetic import Int64
from tinyprune.formats import unpack
from tinyprune.ir import Graph, Int8, Layer, Weighted
from tinyprune.kernels.kernel import Kernel, Operand, flash_or_sram
from tinyprune.kernels.packing import Packing, packing, strips
from tinyprune.kernels.proofs import accumulator_problem, right_requant_problem, rounding_shows

MAX_OFFSET = (1 << 16) - 1


def _packing(layer: Layer, graph: Graph) -> Packing:
    assert isinstance(layer, ir.Conv2D)
    return packing(layer, graph, value_bytes=4)


def _scratch_bytes(layer: Layer, graph: Graph) -> int:
    """Of half the rows, or half the positions: pairs."""
    assert isinstance(layer, ir.Conv2D)
    rows, width = layer.variant.rows, graph.tensors[layer.output].shape[2]
    return _packing(layer, graph).scratch_bytes((rows + 1) // 2, (rows * width + 1) // 2)


def list_problem(layer: ir.Conv2D, graph: Graph, packed: Packing) -> str:
    """Why `tp_pair_run_channel` is not for this layer, whose input is packed so; "" where it is."""
    furthest = int(packed.offsets[-1])
    if furthest > MAX_OFFSET:
        return f"its window ends {furthest:,} bytes behind its beginning; an entry holds {MAX_OFFSET:,}"
    return packed.problem or accumulator_problem(layer, graph, 22) or right_requant_problem(layer, graph)


def _unfit(layer: Layer, graph: Graph) -> str:
    assert isinstance(layer, ir.Conv2D)
    return list_problem(layer, graph, _packing(layer, graph))


def lists(matrix: Int8, offsets: Int64) -> NDArray[np.uint32]:
    """The lists of `tp_conv2d_csr_dsp_weights` of (channels, columns) weights: a head, the non-zeros, a 0."""
    weights = matrix.astype(np.int64)
    heads = weights.sum(axis=1, keepdims=True) << 16 | np.count_nonzero(matrix, axis=1)[:, None]
    words = np.hstack([heads, weights << 24 | offsets, np.zeros_like(heads)])
    kept = np.pad(matrix != 0, ((0, 0), (1, 1)), constant_values=True)
    return (words[kept] & 0xFFFFFFFF).astype(np.uint32)


def _constants(layer: Layer, graph: Graph) -> tuple[int, ...]:
    return _packing(layer, graph).pixel_step, rounding_shows(layer, graph)


def _operand(layer: Weighted, graph: Graph) -> Operand:
    packed = _packing(layer, graph)
    numbers = {"width": 0 if packed.patched else packed.width, "strip_rows": layer.variant.rows}
    entries = lists(packed.arrange(unpack(layer.weights)), packed.offsets)
    return Operand("tp_conv2d_csr_dsp_weights", {"lists": entries}, numbers)


CONV2D_CSR = Kernel(
    "tp_conv2d_csr_dsp_s8",
    scratch_bytes=_scratch_bytes,
    needs=frozenset({"dsp"}),
    unfit=_unfit,
    operand=_operand,
    strips=strips,
    places=flash_or_sram,
    constants=_constants,
)
