"""Depthwise 3x3 for the DSP extension (`tp_depthwise_conv2d_dense_dsp_s8`): two input rows in a word."""

from __future__ import annotations

import numpy as np

from tinyprune import ir
from tinyprune.arithmetic import Requant
from tinyprune.formats import unpack
from tinyprune.ir import Graph, Layer, Weighted
from tinyprune.kernels import level
from tinyprune.kernels.kernel import Kernel, Operand, flash_or_sram
from tinyprune.kernels.proofs import accumulator_problem, clamp_problem

CHANNELS = 4  # packed at a time
PITCHES = (3, 5, 9, 17)  # words of a column, of which each has two input rows
RAISED = 8  # bits, of weights and sums
STRIDES = ((1, 1), (2, 2))


def _strip_rows(layer: ir.DepthwiseConv2D, pitch: int) -> int:
    """Output rows for which a column of so many words is enough; an even number."""
    return (pitch - 1) * (2 if layer.window.stride == (1, 1) else 1)


def _pitch(layer: ir.DepthwiseConv2D) -> int:
    return next(pitch for pitch in PITCHES if _strip_rows(layer, pitch) == layer.variant.rows)


def _scratch_bytes(layer: Layer, graph: Graph) -> int:
    assert isinstance(layer, ir.DepthwiseConv2D)
    width = (graph.tensors[layer.output].shape[2] - 1) * layer.window.stride[1] + 3
    return 4 * CHANNELS * _pitch(layer) * width


def _unfit(layer: Layer, graph: Graph) -> str:
    assert isinstance(layer, ir.DepthwiseConv2D)
    window, multiplier = layer.window, layer.weights.shape[3] // graph.tensors[layer.input].shape[3]
    if window.size != (3, 3) or window.dilation != (1, 1) or multiplier != 1:
        return "it is for undilated 3x3 windows with one output channel for each input channel"
    if window.stride not in STRIDES:
        return f"it is for stride 1x1 and 2x2, not for {window.stride[0]}x{window.stride[1]}"
    problem = accumulator_problem(layer, graph, 31 - RAISED)
    return problem or level.requant_problem(layer, graph, RAISED, any_fraction=False)


def _operand(layer: Weighted, graph: Graph) -> Operand:
    """For each channel and column of the window a word, of bytes w1, w0, w2, w1 from the lowest on."""
    rows = unpack(layer.weights)[0].transpose(2, 1, 0)  # (channels, columns, rows)
    words = np.ascontiguousarray(rows[..., [1, 0, 2, 1]]).view("<u4")
    return Operand("tp_depthwise_conv2d_dense_dsp_weights", {"words": words.reshape(-1).astype(np.uint32)})


def _strips(layer: Layer, graph: Graph) -> tuple[int, ...]:
    """No more than the first one that holds all rows."""
    assert isinstance(layer, ir.DepthwiseConv2D)
    height = graph.tensors[layer.output].shape[1]
    strips = tuple(_strip_rows(layer, pitch) for pitch in PITCHES)
    return tuple(rows for rows, before in zip(strips, (0, *strips), strict=False) if before < height)


def _constants(layer: Layer, graph: Graph) -> tuple[int, ...]:
    assert isinstance(layer, ir.DepthwiseConv2D)
    is_level = level.common_shift(layer, graph, RAISED, any_fraction=False) > 0
    return _pitch(layer), layer.window.stride[0], int(is_level)


def _requant(layer: Weighted, graph: Graph) -> Requant:
    return level.requant(layer, graph, RAISED, any_fraction=False)


def _clamped(layer: Layer, graph: Graph) -> str:
    """A clamp goes over all outputs once they are there, as int8."""
    assert isinstance(layer, ir.DepthwiseConv2D)
    return clamp_problem(layer.clamp) or _unfit(layer, graph)


DEPTHWISE_DENSE = Kernel(
    "tp_depthwise_conv2d_dense_dsp_s8",
    scratch_bytes=_scratch_bytes,
    needs=frozenset({"dsp"}),
    unfit=_unfit,
    operand=_operand,
    strips=_strips,
    places=flash_or_sram,
    constants=_constants,
    requant=_requant,
    wide=Kernel(
        "tp_depthwise_conv2d_dense_dsp_wide_s8",
        scratch_bytes=_scratch_bytes,
        needs=frozenset({"dsp"}),
        unfit=_clamped,
        operand=_operand,
        constants=_constants,
        requant=_requant,
        writes_wide=True,
    ),
)
