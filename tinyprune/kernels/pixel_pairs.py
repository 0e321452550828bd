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
from tinyprune.kernels.proofs import accumulator_problem
from tinyprune.kernels.tile_lists import endings, is_level, joined, requant_problem
from tinyprune.reference import convolution

MAX_OFFSET = (1 << 16) - 1
CODE_BYTES = 44  # of an entry in the unrolled loop
LOW = 128  # what is added to the first value of a pair


def _packing(layer: Layer, graph: Graph) -> Packing:
    assert isinstance(layer, ir.Conv2D)
    return packing(layer, graph, value_bytes=4)


def pairs_bytes(layer: ir.Conv2D, graph: Graph, packed: Packing) -> int:
    """The packed input: of half the rows of a strip, or half its positions."""
    rows, width = layer.variant.rows, graph.tensors[layer.output].shape[2]
    return packed.scratch_bytes((rows + 1) // 2, (rows * width + 1) // 2)


def _scratch_bytes(layer: Layer, graph: Graph) -> int:
    assert isinstance(layer, ir.Conv2D)
    return pairs_bytes(layer, graph, _packing(layer, graph))


def list_problem(layer: ir.Conv2D, graph: Graph, packed: Packing) -> str:
    """Why `tp_pair_run_tiles` is not for this layer, whose input is packed so; "" where it is."""
    furthest = int(packed.offsets[-1])
    if furthest > MAX_OFFSET:
        return f"its window ends {furthest:,} bytes behind its beginning; an entry holds {MAX_OFFSET:,}"
    return packed.problem or accumulator_problem(layer, graph, 23) or requant_problem(layer, graph)


def _unfit(layer: Layer, graph: Graph) -> str:
    assert isinstance(layer, ir.Conv2D)
    return list_problem(layer, graph, _packing(layer, graph))


def lists(matrix: Int8, offsets: Int64, bias: Int64, ends: Int64) -> NDArray[np.uint32]:
    """The lists of `tp_pair_run_tiles` of (channels, columns) weights, whose inputs lie at `offsets`."""
    weights = matrix.astype(np.int64)
    starts = (bias - LOW * weights.sum(axis=1) << 8) + (bias << 32)
    entries = weights << 24 | offsets

    def one(channel: int) -> tuple[Int64, Int64, Int64]:
        start = np.array([starts[channel], starts[channel] >> 32])
        return start, np.append(entries[channel][matrix[channel] != 0], 0), ends[channel]

    return joined([one(channel) for channel in range(len(matrix))], 1, CODE_BYTES)


def _constants(layer: Layer, graph: Graph) -> tuple[int, ...]:
    return _packing(layer, graph).pixel_step, is_level(layer, graph)


def _operand(layer: Weighted, graph: Graph) -> Operand:
    assert isinstance(layer, ir.Conv2D)
    packed = _packing(layer, graph)
    bias = convolution.kernel_bias(layer, graph.tensors[layer.input])
    entries = lists(packed.arrange(unpack(layer.weights)), packed.offsets, bias, endings(layer, graph))
    return Operand("tp_list_weights", {"lists": entries}, packed.numbers(layer))


CONV2D_CSR = Kernel(
    "tp_conv2d_csr_dsp_s8",
    scratch_bytes=_scratch_bytes,
    needs=frozenset({"dsp"}),
    unfit=_unfit,
    operand=_operand,
    strips=strips,
    places=flash_or_sram,
    constants=_constants,
    folded=frozenset({"bias", "requant"}),
)
