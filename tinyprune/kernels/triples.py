"""Kernels for cores without the DSP extension (`tp_triple_kernels.h`): three values in two words (`tp_triples.h`)."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tinyprune import ir
from tinyprune.arithmetic import Int64
from tinyprune.formats import unpack
from tinyprune.ir import Graph, Int8, Layer, Weighted
from tinyprune.kernels.kernel import Kernel, Operand
from tinyprune.kernels.staircase import stairs

NEEDS = frozenset({"no_dsp"})
LARGEST_SUM = 8191  # of magnitudes in a run: 128 times it is below 2**20
ROUND = 8  # weights of an unrolled loop
VALUES = 6  # that are multiplied at a time: outputs, or output positions: a tile
STRIPS = (1, 2, 4, 8)
MAX_OFFSET = (1 << 16) - 1  # of an entry, in bytes
WINDOW_ROWS = 16  # TP_TRIPLE_WINDOW_ROWS of tp_triple_kernels.h
MORE = 1 << 16  # in the head of a run: another one follows


def _stairs_problem(layer: Layer, graph: Graph) -> str:
    assert isinstance(layer, Weighted)
    return stairs(layer, graph).problem


def _stair_words(layer: Weighted, graph: Graph) -> NDArray[np.uint32]:
    return stairs(layer, graph).words.reshape(-1)


def _filled(matrix: Int8, rows: int = 1) -> Int8:
    """(outputs, inputs) with zeros up to whole rounds of inputs and a multiple of `rows` outputs."""
    outputs, inputs = matrix.shape
    return np.pad(matrix, ((0, -outputs % rows), (0, -inputs % ROUND)))


def _runs(matrix: Int8) -> NDArray[np.uint16]:
    """Words of four inputs in each run of filled (outputs, inputs): as many rounds as are within LARGEST_SUM in every
    row."""
    rounds = np.abs(matrix.astype(np.int64)).reshape(len(matrix), -1, ROUND).sum(axis=2)
    lengths, sums = [0], np.zeros(len(matrix), np.int64)
    for column in rounds.T:
        if int((sums + column).max()) > LARGEST_SUM:
            lengths.append(0)
            sums = np.zeros_like(sums)
        lengths[-1] += 1
        sums = sums + column
    return (np.array(lengths) * (ROUND // 4)).astype(np.uint16)


def _window_inputs(layer: Layer, graph: Graph) -> int:
    assert isinstance(layer, ir.Conv2D)
    return layer.window.size[0] * layer.window.size[1] * graph.tensors[layer.input].shape[3]


def _tiles(rows: int, layer: Layer, graph: Graph) -> int:
    """Whole tiles in so many output rows, at least one."""
    height, width = graph.tensors[layer.output].shape[1:3]
    return max(1, min(rows, height) * width // VALUES)


def _strips(layer: Layer, graph: Graph) -> tuple[int, ...]:
    """Those of STRIPS that differ in their tiles."""
    return tuple({_tiles(rows, layer, graph): rows for rows in reversed(STRIPS)}.values())[::-1]


def _tiles_bytes(inputs: int, layer: Layer, graph: Graph) -> int:
    """Of each tile sums and windows; and a pixel of padding."""
    assert isinstance(layer, ir.Conv2D)
    return _tiles(layer.variant.rows, layer, graph) * (24 + 16 * inputs) + graph.tensors[layer.input].shape[3]


def _conv2d_dense_scratch(layer: Layer, graph: Graph) -> int:
    inputs = _window_inputs(layer, graph)
    return _tiles_bytes(inputs + -inputs % ROUND, layer, graph)


def _conv2d_dense_operand(layer: Weighted, graph: Graph) -> Operand:
    matrix = _filled(unpack(layer.weights).reshape(layer.weights.shape[0], -1))
    runs = _runs(matrix)
    words = np.ascontiguousarray(matrix).view("<u4").astype(np.uint32)
    arrays = {"words": words.reshape(-1), "runs": runs, "stairs": _stair_words(layer, graph)}
    tiles = _tiles(layer.variant.rows, layer, graph)
    numbers = {"run_count": len(runs), "words_per_channel": words.shape[1], "tiles": tiles}
    return Operand("tp_conv2d_dense_triples_weights", arrays, numbers)


def _conv2d_csr_scratch(layer: Layer, graph: Graph) -> int:
    return _tiles_bytes(_window_inputs(layer, graph), layer, graph)


def _conv2d_csr_unfit(layer: Layer, graph: Graph) -> str:
    furthest = 16 * (_window_inputs(layer, graph) - 1)
    if furthest > MAX_OFFSET:
        return f"its window ends {furthest:,} bytes behind its beginning; an entry holds {MAX_OFFSET:,}"
    return _stairs_problem(layer, graph)


def _conv2d_csr_operand(layer: Weighted, graph: Graph) -> Operand:
    matrix = unpack(layer.weights).reshape(layer.weights.shape[0], -1)
    offsets = 16 * np.arange(matrix.shape[1], dtype=np.int64)
    lists = np.concatenate([_list(row, offsets) for row in matrix])
    arrays = {"lists": lists, "stairs": _stair_words(layer, graph)}
    return Operand("tp_conv2d_csr_triples_weights", arrays, {"tiles": _tiles(layer.variant.rows, layer, graph)})


def _list(row: Int8, offsets: Int64) -> NDArray[np.uint32]:
    """One channel's runs, each a head and entries: at least one, of weight 0 where there is no other."""
    columns = np.flatnonzero(row) if row.any() else np.zeros(1, np.intp)
    weights = row[columns].astype(np.int64)
    entries = offsets[columns] << 16 | (weights & 0xFF)
    sums = np.pad(np.cumsum(np.abs(weights)), (1, 0))
    cuts = [0]
    while cuts[-1] < len(weights):
        cuts.append(int(np.count_nonzero(sums <= sums[cuts[-1]] + LARGEST_SUM)) - 1)
    parts: list[Int64] = []
    for first, end in pairwise(cuts):
        head = end - first + (MORE if end < len(weights) else 0)
        parts += [np.array([head], np.int64), entries[first:end]]
    return np.concatenate(parts).astype(np.uint32)


def _line_length(layer: ir.DepthwiseConv2D, graph: Graph) -> int:
    """Columns of one residue that an even number of outputs see."""
    outputs, window = graph.tensors[layer.output].shape[2], layer.window
    return outputs + outputs % 2 + (window.size[1] - 1) * window.dilation[1] // window.stride[1]


def _depthwise_offsets(layer: ir.DepthwiseConv2D, graph: Graph) -> Int64:
    """Where the inputs of a channel's weights (HW) lie, in bytes."""
    (height, width), stride, length = layer.window.size, layer.window.stride[1], _line_length(layer, graph)
    columns = np.arange(width, dtype=np.int64) * layer.window.dilation[1]
    lines = np.arange(height, dtype=np.int64)[:, None] * stride + columns % stride
    return (8 * (lines * length + columns // stride)).reshape(-1)


def _lines(layer: ir.DepthwiseConv2D, graph: Graph) -> NDArray[np.uint16]:
    """Of each residue of columns modulo the stride: the columns of padding ahead of the input, those inside it, and the
    first of these."""
    width, length = graph.tensors[layer.input].shape[2], _line_length(layer, graph)
    stride, pad = layer.window.stride[1], layer.window.padding.left
    lines: list[tuple[int, int, int]] = []
    for residue in range(stride):
        ahead = min(max(-((residue - pad) // stride), 0), length)
        first = residue - pad + ahead * stride
        inside = min(max(-((first - width) // stride), 0), length - ahead)
        lines.append((ahead, inside, first if inside else 0))
    return np.array(lines, np.uint16).reshape(-1)


def _depthwise_scratch(layer: Layer, graph: Graph) -> int:
    """Sums of three rows, the packed lines of one channel, and a row of padding."""
    assert isinstance(layer, ir.DepthwiseConv2D)
    columns, source = graph.tensors[layer.output].shape[2], graph.tensors[layer.input]
    lines = layer.window.size[0] * layer.window.stride[1]
    return 12 * (columns + columns % 2) + 8 * lines * _line_length(layer, graph) + source.shape[2] * source.shape[3]


def _depthwise_unfit(layer: Layer, graph: Graph) -> str:
    assert isinstance(layer, ir.DepthwiseConv2D)
    if layer.window.size[0] > WINDOW_ROWS:
        return f"its window has {layer.window.size[0]} rows; this kernel is for up to {WINDOW_ROWS}"
    largest = int(np.abs(unpack(layer.weights).astype(np.int64)).sum(axis=(0, 1, 2)).max())
    if largest > LARGEST_SUM:
        return f"the magnitudes of a channel's weights sum to {largest:,}, beyond {LARGEST_SUM:,}"
    furthest = int(_depthwise_offsets(layer, graph).max())
    if furthest > MAX_OFFSET:
        return f"its window ends {furthest:,} bytes behind its beginning; an entry holds {MAX_OFFSET:,}"
    return _stairs_problem(layer, graph)


def _depthwise_operand(layer: Weighted, graph: Graph) -> Operand:
    assert isinstance(layer, ir.DepthwiseConv2D)
    matrix = unpack(layer.weights).reshape(-1, layer.weights.shape[3]).T
    lists = np.concatenate([_list(row, _depthwise_offsets(layer, graph)) for row in matrix])
    arrays = {"lists": lists, "lines": _lines(layer, graph), "stairs": _stair_words(layer, graph)}
    return Operand("tp_depthwise_conv2d_dense_triples_weights", arrays, {"length": _line_length(layer, graph)})


def _dense_scratch(layer: Layer, graph: Graph) -> int:
    assert isinstance(layer, ir.Dense)
    inputs = layer.weights.shape[1]
    return inputs + -inputs % ROUND


def _dense_operand(layer: Weighted, graph: Graph) -> Operand:
    matrix = _filled(unpack(layer.weights), VALUES)
    runs = _runs(matrix)
    arrays = {"words": triples(matrix), "runs": runs, "stairs": _stair_words(layer, graph)}
    return Operand("tp_dense_dense_triples_weights", arrays, {"run_count": len(runs)})


def triples(matrix: Int8) -> NDArray[np.uint32]:
    """(outputs, inputs), outputs in sixes, to words: for each six and each input four, two for three outputs."""
    a, b, c = np.moveaxis(matrix.astype(np.int64).reshape(-1, 2, 3, matrix.shape[1]), 2, 0)  # (sixes, 2, inputs)
    pairs = np.stack([a + (c << 21), b + (c << 10)], axis=-1)  # (sixes, 2, inputs, 2)
    return (pairs.transpose(0, 2, 1, 3).reshape(-1) & 0xFFFFFFFF).astype(np.uint32)


CONV2D_DENSE = Kernel(
    "tp_conv2d_dense_triples_s8",
    scratch_bytes=_conv2d_dense_scratch,
    needs=NEEDS,
    unfit=_stairs_problem,
    operand=_conv2d_dense_operand,
    strips=_strips,
)

CONV2D_CSR = Kernel(
    "tp_conv2d_csr_triples_s8",
    scratch_bytes=_conv2d_csr_scratch,
    needs=NEEDS,
    unfit=_conv2d_csr_unfit,
    operand=_conv2d_csr_operand,
    strips=_strips,
)

DEPTHWISE_DENSE = Kernel(
    "tp_depthwise_conv2d_dense_triples_s8",
    scratch_bytes=_depthwise_scratch,
    needs=NEEDS,
    unfit=_depthwise_unfit,
    operand=_depthwise_operand,
)

DENSE_DENSE = Kernel(
    "tp_dense_dense_triples_s8",
    scratch_bytes=_dense_scratch,
    needs=NEEDS,
    unfit=_stairs_problem,
    operand=_dense_operand,
)
