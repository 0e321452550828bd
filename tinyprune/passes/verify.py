"""What a valid graph is. Run after the import and after every pass."""

from __future__ import annotations

import math
from dataclasses import astuple

import numpy as np

from tinyprune import ir, kernels
from tinyprune.arithmetic import INT32_MAX, Int64, Requant, can_overflow
from tinyprune.errors import TinypruneError
from tinyprune.formats import unpack
from tinyprune.ir import Graph, Layer, Tensor, Window
from tinyprune.passes.sharing import Sharing, Spot
from tinyprune.passes.verify_moves import move_problem
from tinyprune.passes.verify_stateful import stateful_problem
from tinyprune.reference import convolution, elementwise, matrices, reduction
from tinyprune.reference.scales import UnrepresentableError

MAX_TENSOR_BYTES = 1 << 24  # no Cortex-M holds more; bounds what a damaged file can make us allocate

MAX_SOFTMAX_DEPTH = 4095  # its sum of exponentials is kept with 12 integer bits

MAX_COUNT = 0xFFFF  # kernels count sizes, steps and csr columns in 16 bits


class InvalidGraphError(TinypruneError):
    """The layers do not fit together."""


def verify(graph: Graph) -> Graph:
    """`graph` itself, or an InvalidGraphError that names the layer and what is wrong with it."""
    for tensor in graph.tensors.values():
        if tensor.size > MAX_TENSOR_BYTES:
            raise InvalidGraphError(
                f"{graph.name}: tensor '{tensor.name}' holds {tensor.size:,} values; the limit is {MAX_TENSOR_BYTES:,}"
            )
    known = {*graph.inputs, *graph.constants}
    for layer in graph.layers:
        for name in ir.layer_inputs(layer):
            _require(name in known, graph, layer, f"reads '{name}' before it is computed")
        _require(layer.output not in known, graph, layer, f"writes '{layer.output}' a second time")
        known.add(layer.output)
        _verify_layer(graph, layer)
        _verify_widths(graph, layer)
    for name in graph.outputs:
        if name not in known or name in graph.constants:
            raise InvalidGraphError(f"{graph.name}: output '{name}' is never computed")
    if graph.arena is not None:
        _verify_arena(graph, graph.arena)
    return graph


def _require(condition: bool, graph: Graph, layer: Layer, problem: str) -> None:
    if not condition:
        raise InvalidGraphError(f"{graph.name}: layer {layer.name} {problem}")


def _verify_layer(graph: Graph, layer: Layer) -> None:
    source, target = graph.tensors[layer.input], graph.tensors[layer.output]
    expected = _output_shape(layer, graph, source, target)
    windowed = isinstance(layer, (ir.Conv2D, ir.DepthwiseConv2D, ir.TransposeConv2D, ir.MaxPool, ir.AveragePool))
    same = target.shape == expected if windowed else target.size == math.prod(expected)
    _require(same, graph, layer, f"gives {list(expected)}, not {list(target.shape)}")
    counted = max(_counts(layer, graph, source, target), default=0)
    _require(counted <= MAX_COUNT, graph, layer, f"counts to {counted:,}; kernels count to {MAX_COUNT:,}")
    if isinstance(layer, ir.Weighted):
        _verify_weights(graph, layer, source, target)
    if isinstance(layer, (ir.Binary, ir.Reduce)):
        _verify_scales(graph, layer)
    if isinstance(layer, (ir.Move, ir.ResizeNearest)):
        problem = move_problem(layer, graph)
        _require(problem is None, graph, layer, problem or "")
    if isinstance(layer, ir.Stateful):
        problem = stateful_problem(layer, graph)
        _require(problem is None, graph, layer, problem or "")
    if isinstance(layer, ir.Softmax):
        _require(source.shape[-1] <= MAX_SOFTMAX_DEPTH, graph, layer, f"is over more than {MAX_SOFTMAX_DEPTH} values")


def _output_shape(layer: Layer, graph: Graph, source: Tensor, target: Tensor) -> tuple[int, ...]:
    match layer:
        case ir.Conv2D() | ir.DepthwiseConv2D():
            channels = layer.weights.shape[0 if isinstance(layer, ir.Conv2D) else 3]
            return (1, *_slid(layer, graph, layer.window, source), channels)
        case ir.TransposeConv2D():
            return (1, *target.shape[1:3], layer.weights.shape[0])
        case ir.BatchMatMul():
            return _multiplied(layer, graph)
        case ir.MaxPool() | ir.AveragePool():
            return (1, *_slid(layer, graph, layer.window, source), source.shape[3])
        case ir.Dense():
            return (ir.rows(layer, graph), layer.weights.shape[0])
        case ir.Reduce():
            return tuple(size for axis, size in enumerate(source.shape) if axis not in layer.axes)
        case ir.Binary():
            return _broadcast(layer, graph)
        case ir.Reshape() | ir.Softmax() | ir.Lut():
            return source.shape
        case ir.Move():
            return graph.tensors[layer.output].shape
        case ir.Lstm():
            return (layer.steps, *layer.hidden.shape)
        case ir.Svdf():
            return (layer.state.shape[0], len(layer.bias))
        case ir.ResizeNearest():
            return (1, len(layer.rows), len(layer.columns), source.shape[-1])


def _broadcast(layer: ir.Binary, graph: Graph) -> tuple[int, ...]:
    shapes = [graph.tensors[name].shape for name in ir.layer_inputs(layer)]
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        raise InvalidGraphError(f"{graph.name}: layer {layer.name} broadcasts shapes {shapes}") from None


def _multiplied(layer: ir.BatchMatMul, graph: Graph) -> tuple[int, ...]:
    try:
        return matrices.output_shape(layer, graph)
    except ValueError as error:
        raise InvalidGraphError(f"{graph.name}: layer {layer.name} {error}") from None


def _slid(layer: Layer, graph: Graph, window: Window, source: Tensor) -> tuple[int, int]:
    height, width = window.output(source.shape[1], source.shape[2])
    _require(min(height, width) >= 1, graph, layer, "has a window larger than its input")
    if isinstance(layer, (ir.MaxPool, ir.AveragePool)):
        _verify_pooled(graph, layer)
    return height, width


def _verify_pooled(graph: Graph, layer: ir.MaxPool | ir.AveragePool) -> None:
    """Every window of a pool sees some of its input; one of a convolution may see padding alone."""
    window = layer.window
    pad = window.padding
    sides = ((pad.top, pad.bottom, 0), (pad.left, pad.right, 1))
    covered = all(max(a, b) < (window.size[i] - 1) * window.dilation[i] + 1 for a, b, i in sides)
    _require(covered, graph, layer, "has more padding than its window covers")


def _counts(layer: Layer, graph: Graph, source: Tensor, target: Tensor) -> tuple[int, ...]:
    """What the kernel is told in 16 bits."""
    match layer:
        case ir.Conv2D() | ir.DepthwiseConv2D() | ir.TransposeConv2D() | ir.MaxPool() | ir.AveragePool():
            row = math.prod(layer.weights.shape[1:]) if isinstance(layer, ir.Conv2D) else 0
            window = layer.window
            return (row, *source.shape, *target.shape, *window.stride, *window.dilation, *astuple(window.padding))
        case ir.Dense():
            return (ir.rows(layer, graph), *layer.weights.shape)
        case ir.Softmax():
            return (source.size // source.shape[-1],)
        case ir.ResizeNearest():
            return (*source.shape, *target.shape)
        case ir.Lstm():
            return (layer.steps, layer.batches, layer.inputs, layer.units)
        case ir.Svdf():
            return (*layer.state.shape, layer.feature_weights.shape[1])
        case ir.Binary() | ir.BatchMatMul() | ir.Reduce() | ir.Reshape() | ir.Lut() | ir.Move():
            return ()


def _weights_fit(layer: ir.Weighted, source: Tensor) -> bool:
    shape = layer.weights.shape
    match layer:
        case ir.Conv2D() | ir.TransposeConv2D():
            return shape[1:] == (*layer.window.size, source.shape[3])
        case ir.DepthwiseConv2D():
            return shape[:3] == (1, *layer.window.size) and shape[3] % source.shape[3] == 0
        case ir.Dense():
            return source.size % shape[1] == 0


def _verify_weights(graph: Graph, layer: ir.Weighted, source: Tensor, target: Tensor) -> None:
    """The accumulator must stay inside int32: |bias - zp * sum(w)| + 128 * sum(|w|), the bias as kernels get it."""
    weights = layer.weights
    _require(_weights_fit(layer, source), graph, layer, f"has weights {list(weights.shape)} for {list(source.shape)}")
    channels = target.shape[-1]
    one_each = layer.bias.shape == (channels,) and len(weights.quant.scale) in (1, channels)
    _require(one_each, graph, layer, f"needs a bias and a scale for each of {channels} channels")
    _require(weights.format in kernels.formats_for(layer), graph, layer, f"cannot run in format {weights.format}")
    _verify_kernel(graph, layer)
    magnitudes = convolution.weight_sums(layer, np.abs(unpack(weights).astype(np.int64)))
    largest_input = 255 if isinstance(layer, ir.TransposeConv2D) else 128  # where the bias is not folded, x - zp
    worst = abs(convolution.kernel_bias(layer, source)) + largest_input * magnitudes
    _require(int(worst.max()) <= INT32_MAX, graph, layer, "can overflow its 32-bit accumulator")
    _verify_requant(graph, layer, worst, convolution.layer_requant(layer, source, target))


def _verify_kernel(graph: Graph, layer: Layer) -> None:
    problem = kernels.kernel(layer).unfit(layer, graph)
    _require(not problem, graph, layer, f"cannot run with {kernels.kernel(layer).function}: {problem}")


def _verify_widths(graph: Graph, layer: Layer) -> None:
    """What a kernel writes as int16 is read so; the model's caller reads int8."""
    kernel, output = kernels.kernel(layer), graph.tensors[layer.output]
    for name in ir.layer_inputs(layer):
        tensor = graph.tensors[name]
        problem = f"reads '{name}', which is stored as {tensor.stored}, as if it were not"
        _require(tensor.wide == kernel.reads_wide, graph, layer, problem)
    problem = f"does not write '{output.name}' as {output.stored}, as which it is stored"
    _require(output.wide == kernel.writes_wide, graph, layer, problem)
    shown = output.wide and output.name in graph.outputs
    _require(not shown, graph, layer, f"gives '{output.name}', an output of the model, as {output.stored}")


def _verify_scales(graph: Graph, layer: ir.Binary | ir.Reduce) -> None:
    """The multipliers are those for which TFLM's arithmetic is defined."""
    try:
        if isinstance(layer, ir.Binary):
            elementwise.SCALES[type(layer)](elementwise.operands(layer, graph))
            _verify_kernel(graph, layer)
        else:
            source, target = graph.tensors[layer.input], graph.tensors[layer.output]
            worst = np.array([255 * reduction.count(layer, source)])
            _verify_requant(graph, layer, worst, reduction.reduce_requant(layer, source, target))
    except UnrepresentableError as error:
        raise InvalidGraphError(f"{graph.name}: layer {layer.name} {error}") from error


def _verify_requant(graph: Graph, layer: Layer, worst: Int64, to: Requant) -> None:
    _require(not can_overflow(worst, to), graph, layer, "can overflow 32 bits when it is requantized")


def _verify_arena(graph: Graph, arena: ir.Arena) -> None:
    """No two things that are alive at the same time share a byte, but those that lie in one place rightly."""
    lifetimes = live_ranges(graph)
    may_share = Sharing.of(graph, lifetimes)
    steps = {layer.name: step for step, layer in enumerate(graph.layers)}
    spots = [Spot(name, place, *lifetimes[name]) for name, place in arena.tensors.items()]
    spots += [Spot(f"scratch of {name}", place, steps[name], steps[name]) for name, place in arena.scratch.items()]
    for i, spot in enumerate(spots):
        if spot.place.end > arena.bytes:
            raise InvalidGraphError(f"{graph.name}: '{spot.name}' lies outside the arena")
        for other in spots[:i]:
            if may_share.clash(spot, other):
                raise InvalidGraphError(f"{graph.name}: '{spot.name}' and '{other.name}' overlap in the arena")


def live_ranges(graph: Graph) -> dict[str, tuple[int, int]]:
    """For each activation the first and last layer (by index) during which it must keep its place.

    Inputs live from before the first layer (-1), outputs to after the last; constants need no place.
    """
    first = dict.fromkeys(graph.inputs, -1)
    last = dict.fromkeys(graph.inputs, -1)
    for step, layer in enumerate(graph.layers):
        first[layer.output] = last[layer.output] = step
        for name in ir.layer_inputs(layer):
            if name not in graph.constants:
                last[name] = step
    for name in graph.outputs:
        last[name] = len(graph.layers)
    return {name: (first[name], last[name]) for name in first}
