"""h-packed dense convolution (`tp_conv2d_dense_dsp_s8.h`): two weights in a halfword, two pixels at a time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tinyprune import ir
from tinyprune.arithmetic import Requant
from tinyprune.formats import unpack
from tinyprune.ir import Graph, Int8, Layer, Weighted
from tinyprune.kernels.kernel import Kernel, Operand, as_scaled
from tinyprune.kernels.level import Level, level
from tinyprune.kernels.proofs import accumulator_problem, right_requant_problem
from tinyprune.tensors import WeightsPlace

CHANNELS = 4  # in a tile
MAX_STEP = 4096 - 4  # bytes: the immediate offset of a load
STRIPS = (1, 2, 4, 8, 32)
ACCUMULATOR_BITS = 23
RAISED = 8  # bits: S - B is 256 times an accumulator
CACHED_BYTES = 128  # of weights that are read again and again: half of a data cache, which holds other things too


def is_patched(layer: ir.Conv2D, graph: Graph) -> bool:
    """Whether each output position's input is gathered; else strips of rows are packed, which positions share."""
    channels, window = graph.tensors[layer.input].shape[3], layer.window
    return channels == 1 or window.size == (1, 1) or window.dilation[1] > 1


def _even(count: int) -> int:
    return count + count % 2


def _pixel(layer: ir.Conv2D, graph: Graph) -> int:
    """Values from one pixel of a strip to the next: an output's first input must lie in a low halfword."""
    channels = graph.tensors[layer.input].shape[3]
    return channels if channels * layer.window.stride[1] % 2 == 0 else channels + 1


def _segments(layer: ir.Conv2D, graph: Graph) -> int:
    return 1 if is_patched(layer, graph) else layer.window.size[0]


def _segment(layer: ir.Conv2D, graph: Graph) -> int:
    """The values of one run of input that an output reads."""
    channels, (height, width) = graph.tensors[layer.input].shape[3], layer.window.size
    return _even(height * width * channels if is_patched(layer, graph) else width * _pixel(layer, graph))


def _strip_width(layer: ir.Conv2D, graph: Graph) -> int:
    """Pixels of a packed input row, whose values are an even number."""
    seen = (graph.tensors[layer.output].shape[2] - 1) * layer.window.stride[1] + layer.window.size[1]
    return seen + seen * _pixel(layer, graph) % 2


def _pixel_step(layer: Layer, graph: Graph) -> tuple[int, ...]:
    assert isinstance(layer, ir.Conv2D)
    if is_patched(layer, graph):
        return (2 * _segment(layer, graph),)
    return (2 * layer.window.stride[1] * _pixel(layer, graph),)


def _constants(layer: Layer, graph: Graph) -> tuple[int, ...]:
    assert isinstance(layer, ir.Conv2D)
    pairs, whole = _segment(layer, graph) // 2, int(len(layer.bias) % CHANNELS == 0)
    return *_pixel_step(layer, graph), pairs, _segments(layer, graph), _level(layer, graph).fraction, whole


def _level(layer: Weighted, graph: Graph) -> Level:
    return level(layer, graph, RAISED, any_fraction=True)


def _requant(layer: Weighted, graph: Graph) -> Requant:
    words = _level(layer, graph)
    return as_scaled(layer, graph) if words.problem else words.words


def _scratch_bytes(layer: Layer, graph: Graph) -> int:
    """The strip or the patches, and one pixel more, which the last tile of an odd row reads (an odd run: with one value
    behind it); ahead of them the words of four channels, where these are buffered."""
    assert isinstance(layer, ir.Conv2D)
    return _packed_bytes(layer, graph) + (_group_bytes(layer, graph) if layer.variant.weights == "buffer" else 0)


def _packed_bytes(layer: ir.Conv2D, graph: Graph) -> int:
    rows, window = layer.variant.rows, layer.window
    if is_patched(layer, graph):
        return (rows * graph.tensors[layer.output].shape[2] + 1) * _pixel_step(layer, graph)[0]
    height = (rows - 1) * window.stride[0] + (window.size[0] - 1) * window.dilation[0] + 1
    row_bytes = 2 * _strip_width(layer, graph) * _pixel(layer, graph)
    return height * row_bytes + _pixel_step(layer, graph)[0] + (4 if window.size[1] * _pixel(layer, graph) % 2 else 0)


def _group_bytes(layer: ir.Conv2D, graph: Graph) -> int:
    """The words of four channels."""
    return 4 * _segments(layer, graph) * _segment(layer, graph)


def _strips(layer: Layer, graph: Graph) -> tuple[int, ...]:
    height = graph.tensors[layer.output].shape[1]
    return tuple(sorted({min(rows, height) for rows in STRIPS}))


def _places(layer: Layer, graph: Graph) -> tuple[WeightsPlace, ...]:
    assert isinstance(layer, ir.Conv2D)
    cached = _group_bytes(layer, graph) <= CACHED_BYTES
    return ("flash", "sram") if cached else ("flash", "buffer", "sram")


def halves_problem(matrix: Int8) -> str:
    """Why rows 0 and 1, 2 and 3, ... cannot be h-packed; "" where they can."""
    high, low = matrix[0::2], matrix[1::2]
    wrong = (high[: len(low)] == -128) & (low < 0)
    return "a weight of -128 stands above a negative one" if wrong.any() else ""


def _unfit(layer: Layer, graph: Graph) -> str:
    assert isinstance(layer, ir.Conv2D)
    (step,) = _pixel_step(layer, graph)
    if step > MAX_STEP:
        return f"its pixels lie {step:,} bytes apart; a load reaches {MAX_STEP:,}"
    matrix = unpack(layer.weights).reshape(layer.weights.shape[0], -1)
    problem = halves_problem(matrix) or accumulator_problem(layer, graph, ACCUMULATOR_BITS)
    return problem or (_level(layer, graph).problem and right_requant_problem(layer, graph))


def _operand(layer: Weighted, graph: Graph) -> Operand:
    assert isinstance(layer, ir.Conv2D)
    patched = is_patched(layer, graph)
    runs = _runs(unpack(layer.weights), 0 if patched else _pixel(layer, graph))
    numbers = {
        "width": 0 if patched else _strip_width(layer, graph),
        "strip_rows": layer.variant.rows,
        "buffered": int(layer.variant.weights == "buffer"),
    }
    return Operand("tp_conv2d_dense_dsp_weights", {"halves": halves(runs)}, numbers)


def _runs(values: Int8, pixel: int) -> Int8:
    """OHWI weights as (channels, segments, inputs of one), both ends filled up with zeros: for patches (`pixel` 0), or
    for strips with `pixel` values from one pixel to the next."""
    outputs, height, _, channels = values.shape
    wide = np.pad(values, ((0, 0), (0, 0), (0, 0), (0, max(pixel - channels, 0))))
    runs = wide.reshape(outputs, height if pixel else 1, -1)
    return np.pad(runs, ((0, -outputs % CHANNELS), (0, 0), (0, runs.shape[2] % 2)))


def halves(runs: Int8) -> NDArray[np.uint32]:
    """(channels, segments, inputs) to words: for each four channels, segment and two inputs, one for channels 0 and 1,
    one for channels 2 and 3; the first input in the low halfword."""
    channels, segments, inputs = runs.shape
    packed = runs[0::2].astype(np.int32) * 256 + runs[1::2]  # (pairs of channels, segments, inputs)
    pairs = packed.astype(np.uint16).astype(np.uint32).reshape(channels // 4, 2, segments, inputs // 2, 2)
    words = pairs[..., 0] | pairs[..., 1] << np.uint32(16)  # (groups, pair of channels, segments, pairs of inputs)
    return np.ascontiguousarray(words.transpose(0, 2, 3, 1)).reshape(-1)


def _pixel_problem(layer: Layer, graph: Graph) -> str:
    """Why an output does not read one whole pixel of the input, the next output the next one; "" where it does."""
    assert isinstance(layer, ir.Conv2D)
    window = layer.window
    if window.size != (1, 1) or window.stride != (1, 1) or window.padding != ir.Padding():
        return "its window is not 1x1, with stride 1 and no padding"
    return _unfit(layer, graph)


def _wide_scratch_bytes(layer: Layer, graph: Graph) -> int:
    assert isinstance(layer, ir.Conv2D)
    return _group_bytes(layer, graph) if layer.variant.weights == "buffer" else 0


def _wide_operand(layer: Weighted, graph: Graph) -> Operand:
    """All rows are one strip."""
    return _operand(replace(layer, variant=replace(layer.variant, rows=graph.tensors[layer.output].shape[1])), graph)


WIDE = Kernel(
    "tp_conv2d_dense_dsp_wide_s8",
    scratch_bytes=_wide_scratch_bytes,
    needs=frozenset({"dsp"}),
    unfit=_pixel_problem,
    operand=_wide_operand,
    constants=_constants,
    requant=_requant,
    reads_wide=True,
)

CONV2D_DENSE = Kernel(
    "tp_conv2d_dense_dsp_s8",
    scratch_bytes=_scratch_bytes,
    needs=frozenset({"dsp"}),
    unfit=_unfit,
    operand=_operand,
    strips=_strips,
    places=_places,
    constants=_constants,
    requant=_requant,
    wide=WIDE,
)
