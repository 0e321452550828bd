"""Depthwise layers of any window for the DSP extension (`tp_depthwise_conv2d_dense_dsp_any_s8`): two input rows in a
word, or two columns of an input that has one row."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tinyprune import ir
from tinyprune.formats import unpack
from tinyprune.ir import Graph, Layer, Weighted
from tinyprune.kernels import depthwise
from tinyprune.kernels.kernel import Kernel, Operand, flash_or_sram
from tinyprune.kernels.proofs import accumulator_problem, right_requant_problem

ACCUMULATOR_BITS = 29  # of tp_requantize_right
MOST_WORDS = 8  # TP_DEPTHWISE_WORDS
STRIPS = (4, 16, 64)  # output rows: a window is unpacked once for each


@dataclass(frozen=True)
class _Axis:
    """Height or width: outputs, and how the window goes along it."""

    output: int
    window: int
    stride: int
    dilation: int


def _axes(layer: ir.DepthwiseConv2D, graph: Graph) -> tuple[_Axis, _Axis, bool]:
    """Down, across, and whether these are width and height: of an input of one row."""
    window, source, target = layer.window, graph.tensors[layer.input], graph.tensors[layer.output]
    height, width = (_Axis(target.shape[1 + i], window.size[i], window.stride[i], window.dilation[i]) for i in range(2))
    is_line = source.shape[1] == 1 and window.size[0] == 1 and window.padding.top == 0
    return (width, height, True) if is_line else (height, width, False)


def _words(down: _Axis) -> int:
    """Of a column of the window; at odd strides it begins in either half of a word."""
    return ((down.window - 1) * down.dilation + 2 + down.stride % 2) // 2


def _scratch_bytes(layer: Layer, graph: Graph) -> int:
    """The words of a window, twice where it begins in either half of one; four channels of a strip."""
    assert isinstance(layer, ir.DepthwiseConv2D)
    down, across, _ = _axes(layer, graph)
    pitch = (layer.variant.rows - 1) * down.stride // 2 + _words(down)
    columns = (across.output - 1) * across.stride + (across.window - 1) * across.dilation + 1
    return 4 * (_words(down) * across.window * (1 + down.stride % 2) + depthwise.CHANNELS * columns * pitch)


def _unfit(layer: Layer, graph: Graph) -> str:
    assert isinstance(layer, ir.DepthwiseConv2D)
    if not depthwise.DEPTHWISE_DENSE.unfit(layer, graph):
        return "a kernel for its window alone is faster"
    if (words := _words(_axes(layer, graph)[0])) > MOST_WORDS:
        return f"a column of its window is {words} words, of two rows each: it is for at most {MOST_WORDS}"
    return accumulator_problem(layer, graph, ACCUMULATOR_BITS) or right_requant_problem(layer, graph)


def _operand(layer: Weighted, graph: Graph) -> Operand:
    """The weights of each channel, column by column."""
    assert isinstance(layer, ir.DepthwiseConv2D)
    values = unpack(layer.weights)[0]  # (height, width, channels)
    _, _, is_line = _axes(layer, graph)
    ordered = values.transpose(2, 0, 1) if is_line else values.transpose(2, 1, 0)
    arrays = {"values": np.ascontiguousarray(ordered).reshape(-1)}
    return Operand("tp_depthwise_conv2d_dense_dsp_any_weights", arrays, {"strip_rows": layer.variant.rows})


def _strips(layer: Layer, graph: Graph) -> tuple[int, ...]:
    assert isinstance(layer, ir.DepthwiseConv2D)
    down, _, _ = _axes(layer, graph)
    return tuple(sorted({min(rows, down.output) for rows in STRIPS}))


def _constants(layer: Layer, graph: Graph) -> tuple[int, ...]:
    assert isinstance(layer, ir.DepthwiseConv2D)
    return (_words(_axes(layer, graph)[0]),)


DEPTHWISE_DENSE = Kernel(
    "tp_depthwise_conv2d_dense_dsp_any_s8",
    scratch_bytes=_scratch_bytes,
    needs=frozenset({"dsp"}),
    unfit=_unfit,
    operand=_operand,
    strips=_strips,
    places=flash_or_sram,
    constants=_constants,
)
