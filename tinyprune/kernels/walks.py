"""Depthwise 3x3 without the DSP extension, without packing (`tp_walk.h`)."""

from __future__ import annotations

import numpy as np

from tinyprune import ir
from tinyprune.formats import unpack
from tinyprune.ir import Graph, Layer, Weighted
from tinyprune.kernels.kernel import Kernel, Operand
from tinyprune.kernels.staircase import stairs
from tinyprune.kernels.triples import NEEDS

TAPS = {1: (2, 1, 0, 5, 4, 3, 8, 7, 6), 2: (1, 4, 7, 2, 0, 5, 3, 8, 6)}
"""For each stride the order in which a window's weights are read."""


def _scratch_bytes(layer: Layer, graph: Graph) -> int:
    """A row of padding."""
    source = graph.tensors[layer.input]
    return source.shape[2] * source.shape[3]


def _padding(layer: ir.DepthwiseConv2D, graph: Graph) -> tuple[int, int]:
    """Columns of padding that the first output sees ahead of the input, and the last one behind it."""
    outputs, stride, left = graph.tensors[layer.output].shape[2], layer.window.stride[1], layer.window.padding.left
    return left, (outputs - 1) * stride + 3 - left - graph.tensors[layer.input].shape[2]


def _unfit(layer: Layer, graph: Graph) -> str:
    assert isinstance(layer, ir.DepthwiseConv2D)
    window, multiplier = layer.window, layer.weights.shape[3] // graph.tensors[layer.input].shape[3]
    if window.size != (3, 3) or window.dilation[1] != 1 or multiplier != 1:
        return "it is for 3x3 windows of adjacent columns with one output channel for each input channel"
    if window.stride[1] not in TAPS:
        return f"it is not for a stride of {window.stride[1]} columns"
    if max(_padding(layer, graph)) > 1:
        return "it is for at most one column of padding on either side"
    found = stairs(layer, graph)
    if not found.problem and not found.in_two_parts:
        return "the exact rounding of some output channel takes a multiplier in three parts"
    return found.problem


def _operand(layer: Weighted, graph: Graph) -> Operand:
    assert isinstance(layer, ir.DepthwiseConv2D)
    taps = unpack(layer.weights).reshape(9, -1)[list(TAPS[layer.window.stride[1]])]
    arrays = {"taps": np.ascontiguousarray(taps.T).reshape(-1), "stairs": stairs(layer, graph).words.reshape(-1)}
    return Operand("tp_depthwise_conv2d_dense_walk_weights", arrays)


DEPTHWISE_DENSE = Kernel(
    "tp_depthwise_conv2d_dense_walk_s8",
    scratch_bytes=_scratch_bytes,
    needs=NEEDS,
    unfit=_unfit,
    operand=_operand,
)
