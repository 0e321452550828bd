"""Convolution on non-zero weights (`tp_conv2d_csr_dsp_s8.h`): a list for each output channel, two pixels in a word."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tinyprune import ir
from tinyprune.arithmetic import Int64
from tinyprune.formats import unpack
from tinyprune.ir import Graph, Int8, Layer, Weighted
from tinyprune.kernels.kernel import Kernel, Operand
from tinyprune.kernels.proofs import accumulator_problem, right_requant_problem

TILE = 4  # pairs
MAX_STEP = 4096 // (TILE - 1)  # bytes: three pixels further must be in reach of a load
MAX_OFFSET = 1 << 16
STRIPS = (2, 4, 8, 32)


def is_patched(layer: ir.Conv2D, graph: Graph) -> bool:
    """Whether windows are gathered, which takes all positions of a strip as one line; else they share packed rows, but
    tiles end with the row: not where they would lack a quarter of a row."""
    width = graph.tensors[layer.output].shape[2]
    wasteful = 4 * (-width % TILE) > width and _patch(layer, graph) <= MAX_STEP // 4
    return layer.window.size == (1, 1) or wasteful


def _patch(layer: ir.Conv2D, graph: Graph) -> int:
    """The values that an output reads."""
    return layer.window.size[0] * layer.window.size[1] * graph.tensors[layer.input].shape[3]


def _strip_width(layer: ir.Conv2D, graph: Graph) -> int:
    """Pixels of a packed input row."""
    window, positions = layer.window, graph.tensors[layer.output].shape[2]
    return (positions - 1) * window.stride[1] + (window.size[1] - 1) * window.dilation[1] + 1


def _pixel_step(layer: Layer, graph: Graph) -> tuple[int, ...]:
    assert isinstance(layer, ir.Conv2D)
    if is_patched(layer, graph):
        return (4 * _patch(layer, graph),)
    return (4 * layer.window.stride[1] * graph.tensors[layer.input].shape[3],)


def _scratch_bytes(layer: Layer, graph: Graph) -> int:
    """The patches or the strip, and the pixels that a line lacks of whole tiles."""
    assert isinstance(layer, ir.Conv2D)
    rows, window, (step,) = layer.variant.rows, layer.window, _pixel_step(layer, graph)
    _, _, width, _ = graph.tensors[layer.output].shape
    if is_patched(layer, graph):
        pairs = (rows * width + 1) // 2
        return (pairs + -pairs % TILE) * step
    height = ((rows + 1) // 2 - 1) * window.stride[0] + (window.size[0] - 1) * window.dilation[0] + 1
    row_bytes = 4 * _strip_width(layer, graph) * graph.tensors[layer.input].shape[3]
    return height * row_bytes + -width % TILE * step


def _strips(layer: Layer, graph: Graph) -> tuple[int, ...]:
    height = graph.tensors[layer.output].shape[1]
    return tuple(sorted({min(rows, height) for rows in STRIPS}))


def _offsets(layer: ir.Conv2D, graph: Graph) -> Int64:
    """Where the input of each weight of a channel lies in packed input, in bytes: (columns,)."""
    channels, (height, width) = graph.tensors[layer.input].shape[3], layer.window.size
    if is_patched(layer, graph):
        return 4 * np.arange(_patch(layer, graph), dtype=np.int64)
    rows = np.arange(height, dtype=np.int64) * layer.window.dilation[0] * _strip_width(layer, graph)
    pixels = rows[:, None] + np.arange(width, dtype=np.int64) * layer.window.dilation[1]
    return (4 * (channels * pixels[..., None] + np.arange(channels))).reshape(-1)


def _unfit(layer: Layer, graph: Graph) -> str:
    assert isinstance(layer, ir.Conv2D)
    (step,), furthest = _pixel_step(layer, graph), int(_offsets(layer, graph)[-1])
    if step > MAX_STEP:
        return f"its pixels lie {step:,} bytes apart; the loads reach {MAX_STEP:,}"
    if furthest >= MAX_OFFSET:
        return f"its window ends {furthest:,} bytes behind its beginning; an offset holds {MAX_OFFSET - 1:,}"
    return accumulator_problem(layer, graph, 22) or right_requant_problem(layer, graph)


def lists(matrix: Int8, offsets: Int64) -> NDArray[np.uint32]:
    """The lists of `tp_conv2d_csr_dsp_weights` of (channels, columns) weights: a head, the non-zeros, a 0."""
    weights = matrix.astype(np.int64)
    heads = weights.sum(axis=1, keepdims=True) << 16 | np.count_nonzero(matrix, axis=1)[:, None]
    words = np.hstack([heads, weights << 24 | offsets, np.zeros_like(heads)])
    kept = np.pad(matrix != 0, ((0, 0), (1, 1)), constant_values=True)
    return (words[kept] & 0xFFFFFFFF).astype(np.uint32)


def _operand(layer: Weighted, graph: Graph) -> Operand:
    assert isinstance(layer, ir.Conv2D)
    matrix = unpack(layer.weights).reshape(layer.weights.shape[0], -1)
    width = 0 if is_patched(layer, graph) else _strip_width(layer, graph)
    numbers = {"width": width, "strip_rows": layer.variant.rows}
    return Operand("tp_conv2d_csr_dsp_weights", {"lists": lists(matrix, _offsets(layer, graph))}, numbers)


CONV2D_CSR = Kernel(
    "tp_conv2d_csr_dsp_s8",
    scratch_bytes=_scratch_bytes,
    needs=frozenset({"dsp"}),
    unfit=_unfit,
    operand=_operand,
    strips=_strips,
    constants=_pixel_step,
)
