"""Which values each element of each tensor can take, proved without running anything.

Almost every operator here is monotone in each of its inputs, so the ends of an interval map to the ends of the next
one, by the integer arithmetic of the reference itself: nothing is estimated in float. Each requantization takes the
hull of what the two rounding rules in use give (TFLM's double rounding, and the single rounding that TFLM and CMSIS-NN
can be built with), so that whatever is proved holds under both.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from tinyprune import formats, ir, reference
from tinyprune.arithmetic import Int64, Requant, requantize, requantize_rounding_once
from tinyprune.ir import Clamp, Graph, Int8, Layer, Tensor
from tinyprune.reference import convolution, elementwise, moves, reduction
from tinyprune.reference.broadcast import aligned
from tinyprune.reference.elementwise import PreluRequant, SumRequant

Bounds: TypeAlias = Int8  # (2, *shape of the tensor): the lowest and the highest value of each element
Ends: TypeAlias = Int64  # (2, ...): lowest and highest values while they are computed
Bounded: TypeAlias = ir.Conv2D | ir.DepthwiseConv2D | ir.Dense
Integers = TypeVar("Integers", Int8, Int64)
ANYTHING: Clamp = (-128, 127)
# Beyond these nothing is proved: no layer of a microcontroller is larger, and a damaged file must not take for ever.
MOST_VALUES = 1 << 21
MOST_MACS = 1 << 27


def intervals(graph: Graph) -> dict[str, Bounds]:
    """The bounds of each tensor that is an input, a constant, or computed."""
    known = {name: _between(ANYTHING, graph.tensors[name]) for name in graph.inputs}
    known |= {name: np.stack([values, values]) for name, values in graph.constants.items()}
    for layer in graph.layers:
        target = graph.tensors[layer.output]
        if can_analyze(layer, graph):
            known[layer.output] = _output(layer, graph, known).astype(np.int8).reshape(2, *target.shape)
        else:
            known[layer.output] = _between(ANYTHING, target)
    return known


def can_analyze(layer: Layer, graph: Graph) -> bool:
    """Whether the analysis of `layer` takes a time and memory that a model for a microcontroller may take."""
    touched = (*ir.layer_inputs(layer), layer.output)
    return ir.macs(layer, graph) <= MOST_MACS and all(graph.tensors[name].size <= MOST_VALUES for name in touched)


def constant_channels(bounds: Bounds) -> NDArray[np.bool_]:
    """For each index of the last axis, whether each element has only one value (not: the same one) everywhere."""
    return (bounds[0] == bounds[1]).reshape(-1, bounds.shape[-1]).all(axis=0)


def _between(clamp: Clamp, tensor: Tensor) -> Bounds:
    ends = np.array(clamp, np.int8).reshape(2, *[1] * len(tensor.shape))
    return np.broadcast_to(ends, (2, *tensor.shape))


def _output(layer: Layer, graph: Graph, known: Mapping[str, Bounds]) -> Ends:
    """The bounds of `layer.output`; those of an operator without a case here are the whole of int8."""
    source, target = graph.tensors[layer.input], graph.tensors[layer.output]
    x = known[layer.input].astype(np.int64)
    match layer:
        case ir.Conv2D() | ir.DepthwiseConv2D() | ir.Dense():
            acc = _accumulator(layer, x - source.zero_point) + layer.bias
            return _finish(acc, convolution.layer_requant(layer, source, target), target, layer.clamp)
        case ir.Binary():
            return _binary(layer, x, known[layer.other].astype(np.int64), graph)
        case ir.Lut():
            return _image(layer.table, known[layer.input])
        case ir.Move():
            inputs = [_as_batch(known[name]) for name in layer.inputs]
            return moves.move(layer, inputs, target).astype(np.int64)
        case ir.Reduce():
            acc = (x - source.zero_point).sum(axis=tuple(axis + 1 for axis in layer.axes))
            return _finish(acc, reduction.reduce_requant(layer, source, target), target, ANYTHING)
        case ir.MaxPool() | ir.AveragePool() | ir.Reshape() | ir.ResizeNearest():
            return reference.run_layer(layer, graph, {layer.input: _as_batch(known[layer.input])}).astype(np.int64)
        case _:
            return _between(ANYTHING, target).astype(np.int64)


def _as_batch(ends: Integers) -> Integers:
    """The lowest and the highest values as two inputs of the reference, which takes batches."""
    return ends.reshape(-1, *ends.shape[2:])


def _accumulator(layer: Bounded, x: Ends) -> Ends:
    """Bounds (2, ..., O) of the sums of products; `x` is without its zero point, so padding adds 0."""
    weights, batch = formats.unpack(layer.weights), _as_batch(x)
    rising, falling = (_products(layer, batch, part) for part in (np.maximum(weights, 0), np.minimum(weights, 0)))
    return rising + falling[::-1]


def _products(layer: Bounded, batch: Int64, weights: Int8) -> Ends:
    match layer:
        case ir.Conv2D():
            return convolution.conv2d_accumulate(batch, weights, layer.window)
        case ir.DepthwiseConv2D():
            return convolution.depthwise_accumulate(batch, weights, layer.window)
        case ir.Dense():
            return convolution.dense_accumulate(batch, weights).reshape(2, -1, weights.shape[0])


def _finish(acc: Ends, to: Requant, target: Tensor, clamp: Clamp) -> Ends:
    """As the reference's `finish`."""
    return np.clip(_requantized(acc, to) + target.zero_point, *clamp)


def _binary(layer: ir.Binary, a: Ends, b: Ends, graph: Graph) -> Ends:
    """As the reference's `binary`."""
    of = elementwise.operands(layer, graph)
    rank = len(of.output.shape)
    a = aligned(a - of.input.zero_point, of.input.shape, rank)
    b = aligned(b - of.other.zero_point, of.other.shape, rank)
    match layer:
        case ir.Maximum():
            ends = np.maximum(a, b)
        case ir.Minimum():
            ends = np.minimum(a, b)
        case ir.Mul():
            ends = _requantized(_products_of(a, b), elementwise.mul_requant(of))
        case ir.Prelu():
            ends = _prelu(a, b, elementwise.prelu_requant(of))
        case ir.Sub():
            ends = _sum(a, b, elementwise.sub_requant(of), falling=True)
        case _:
            ends = _sum(a, b, elementwise.add_requant(of), falling=False)
    return np.clip(ends + of.output.zero_point, *layer.clamp)


def _sum(a: Ends, b: Ends, to: SumRequant, falling: bool) -> Ends:
    """Of a and b, or of a and -b, which is `falling` in b."""
    up = elementwise.ADD_LEFT_SHIFT
    a, b = _requantized(a << up, to.input), _requantized(b << up, to.other)
    return _requantized(a - b[::-1] if falling else a + b, to.output)


def _products_of(a: Ends, b: Ends) -> Ends:
    """Some pair of ends has the lowest product, and some pair the highest."""
    corners = [one * other for one in a for other in b]
    return np.stack([np.minimum.reduce(corners), np.maximum.reduce(corners)])


def _prelu(a: Ends, b: Ends, to: PreluRequant) -> Ends:
    """Of what may be negative, and what may not, each has its rule; where a may be either, what both give."""
    above = _requantized(np.maximum(a, 0), to.positive)
    below = _requantized(_products_of(np.minimum(a, -1), b), to.negative)
    either = np.stack([np.minimum(above[0], below[0]), np.maximum(above[1], below[1])])
    return np.where(a[1] < 0, below, np.where(a[0] >= 0, above, either))


def _image(table: Int8, x: Bounds) -> Ends:
    """The lowest and the highest entry of `table` between the ends of `x`, whatever shape the function has."""
    row, column = np.indices((256, 256))
    lowest = np.minimum.accumulate(np.where(column < row, 127, table), axis=1)  # [from, to]
    highest = np.maximum.accumulate(np.where(column < row, -128, table), axis=1)
    start, end = x.astype(np.int64) + 128
    return np.stack([lowest[start, end], highest[start, end]])


def _requantized(acc: Ends, to: Requant) -> Ends:
    """The hull under both rounding rules. Monotone, as `verify` has proved that nothing wraps."""
    twice, once = requantize(acc, to), requantize_rounding_once(acc, to)
    return np.stack([np.minimum(twice[0], once[0]), np.maximum(twice[1], once[1])])
