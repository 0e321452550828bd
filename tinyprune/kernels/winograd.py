"""Exact integer Winograd F(4x4, 3x3) (`tp_conv2d_winograd_dsp_s8.h`): a quarter of the products, 8 times the weights.

tp_winograd.h has the transforms and their source.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tinyprune import ir
from tinyprune.arithmetic import Requant
from tinyprune.formats import unpack
from tinyprune.ir import Graph, Int8, Layer, Weighted
from tinyprune.kernels import level
from tinyprune.kernels.kernel import Kernel, Operand, flash_or_sram
from tinyprune.kernels.proofs import accumulator_problem

CHANNELS = 4  # whose products are summed at a time
TILE = 4  # outputs in each direction
STRIPS = (4, 8, 16)
MAX_STEP = 4096 - 4  # bytes: the immediate offset of a load
RAISED = 6  # bits: 576 / 9 is 64
OUTPUT_BITS = 25  # 64 accumulators and a sign must fit 32 bits

# 24 * G, but for its last row. No row's magnitudes sum to more than 12: |weight| <= 128 stays within 144 * 128 < 2^15.
G = np.array([[6, 0, 0], [-4, -4, -4], [-4, 4, -4], [1, 2, 4], [1, -2, 4], [0, 0, 6]], np.int32)


def _pairs(layer: Layer, graph: Graph) -> int:
    return (graph.tensors[layer.input].shape[3] + 1) // 2


def _tiles(size: int) -> int:
    return -(-size // TILE)


def _tile_step(layer: Layer, graph: Graph) -> tuple[int, ...]:
    return (4 * _pairs(layer, graph),)


def _constants(layer: Layer, graph: Graph) -> tuple[int, ...]:
    assert isinstance(layer, ir.Conv2D)
    return *_tile_step(layer, graph), level.common_shift(layer, graph, RAISED)


def _scratch_bytes(layer: Layer, graph: Graph) -> int:
    """The strip, its transformed tiles, and the sums of four channels of these."""
    assert isinstance(layer, ir.Conv2D)
    pairs, rows, across = _pairs(layer, graph), layer.variant.rows, _tiles(graph.tensors[layer.output].shape[2])
    strip = (rows + 2) * (TILE * across + 2) * pairs
    tiles = rows // TILE * across
    return 4 * (strip + 36 * (tiles + tiles % 2) * (pairs + CHANNELS))


def _unfit(layer: Layer, graph: Graph) -> str:
    assert isinstance(layer, ir.Conv2D)
    window, (step,) = layer.window, _tile_step(layer, graph)
    if window.size != (3, 3) or window.stride != (1, 1) or window.dilation != (1, 1):
        return "it is for undilated 3x3 windows of stride 1"
    if step > MAX_STEP:
        return f"its tiles lie {step:,} bytes apart; a load reaches {MAX_STEP:,}"
    return accumulator_problem(layer, graph, OUTPUT_BITS) or level.requant_problem(layer, graph, RAISED)


def _requant(layer: Weighted, graph: Graph) -> Requant:
    return level.requant(layer, graph, RAISED)


def _operand(layer: Weighted, graph: Graph) -> Operand:
    width = graph.tensors[layer.output].shape[2]
    numbers = {"tiles": _tiles(width), "strip_rows": layer.variant.rows}
    return Operand("tp_conv2d_winograd_dsp_weights", {"transformed": transformed(unpack(layer.weights))}, numbers)


def transformed(values: Int8) -> NDArray[np.uint32]:
    """(outputs, 3, 3, inputs) to words: for each four outputs, each of the 36 elements of 24 * G * w * G^T * 24, and
    each two inputs, one for each output; the first input in the low halfword."""
    outputs, _, _, inputs = values.shape
    padded = np.pad(values.astype(np.int32), ((0, -outputs % CHANNELS), (0, 0), (0, 0), (0, inputs % 2)))
    spread = np.einsum("ik,oklc,jl->ijoc", G, padded, G).astype(np.uint16).astype(np.uint32)
    words = spread[..., 0::2] | spread[..., 1::2] << np.uint32(16)  # (6, 6, outputs, pairs)
    grouped = words.reshape(36, -1, CHANNELS, words.shape[3])  # (elements, groups, outputs of one, pairs)
    return np.ascontiguousarray(grouped.transpose(1, 0, 3, 2)).reshape(-1)


def _strips(layer: Layer, graph: Graph) -> tuple[int, ...]:
    height = TILE * _tiles(graph.tensors[layer.output].shape[1])
    return tuple(sorted({min(rows, height) for rows in STRIPS}))


CONV2D_DENSE = Kernel(
    "tp_conv2d_winograd_dsp_s8",
    scratch_bytes=_scratch_bytes,
    needs=frozenset({"dsp"}),
    unfit=_unfit,
    operand=_operand,
    strips=_strips,
    places=flash_or_sram,
    constants=_constants,
    requant=_requant,
)
