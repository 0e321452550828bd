"""Depthwise 3x3 for the DSP extension (`tp_depthwise_conv2d_dense_dsp_s8`): two input rows in a word."""

from __future__ import annotations

from tinyprune import ir
from tinyprune.ir import Graph, Layer, Weighted
from tinyprune.kernels.kernel import Kernel, Operand, flash_or_sram
from tinyprune.kernels.proofs import accumulator_problem, right_requant_problem

CHANNELS = 4  # packed at a time
STRIPS = (2, 4, 8, 32)


def _paired(layer: ir.DepthwiseConv2D) -> bool:
    """Whether two output rows are computed at a time."""
    return layer.window.stride[0] == 1


def _scratch_bytes(layer: Layer, graph: Graph) -> int:
    """A word for every two rows and every column that a strip of four channels sees."""
    assert isinstance(layer, ir.DepthwiseConv2D)
    output, rows, paired = graph.tensors[layer.output], layer.variant.rows, _paired(layer)
    width = (output.shape[2] - 1) * layer.window.stride[1] + 3 + paired
    pairs = 1 + ((rows + 1) // 2 if paired else rows)
    return 4 * CHANNELS * pairs * width


def _unfit(layer: Layer, graph: Graph) -> str:
    assert isinstance(layer, ir.DepthwiseConv2D)
    window, multiplier = layer.window, layer.weights.shape[3] // graph.tensors[layer.input].shape[3]
    if window.size != (3, 3) or window.dilation != (1, 1) or multiplier != 1:
        return "it is for undilated 3x3 windows with one output channel for each input channel"
    if window.stride[0] != 2 and window.stride != (1, 1):
        return f"it is not for stride {window.stride[0]}x{window.stride[1]}"
    return accumulator_problem(layer, graph, 29) or right_requant_problem(layer, graph)


def _operand(layer: Weighted, graph: Graph) -> Operand:
    return Operand("tp_depthwise_conv2d_dense_dsp_weights", layer.weights.arrays, {"strip_rows": layer.variant.rows})


def _strips(layer: Layer, graph: Graph) -> tuple[int, ...]:
    height = graph.tensors[layer.output].shape[1]
    return tuple(sorted({min(rows, height) for rows in STRIPS}))


def _clamped(layer: Layer, graph: Graph) -> str:
    """The clamp goes over all outputs once they are there, as int8."""
    assert isinstance(layer, ir.DepthwiseConv2D)
    clamp = "" if layer.clamp == (-128, 127) else f"its outputs are clamped to {layer.clamp[0]}..{layer.clamp[1]}"
    return clamp or _unfit(layer, graph)


DEPTHWISE_DENSE = Kernel(
    "tp_depthwise_conv2d_dense_dsp_s8",
    scratch_bytes=_scratch_bytes,
    needs=frozenset({"dsp"}),
    unfit=_unfit,
    operand=_operand,
    strips=_strips,
    places=flash_or_sram,
    wide=Kernel(
        "tp_depthwise_conv2d_dense_dsp_wide_s8",
        scratch_bytes=_scratch_bytes,
        needs=frozenset({"dsp"}),
        unfit=_clamped,
        operand=_operand,
        strips=_strips,
        places=flash_or_sram,
        writes_wide=True,
    ),
)
