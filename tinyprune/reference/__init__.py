"""The numpy int8 interpreter: the bit-exact oracle that ships.

It follows TFLM's reference kernels element by element. Every function takes a whole batch: arrays are (n, ...) int8,
where the layer's shapes have a leading 1. The n inferences of a batch are independent: a model that remembers begins
each of them as after a reset, unless `resume` is told what it remembers.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tinyprune import edges, ir
from tinyprune.ir import Graph, Int8, Stateful, Stateless
from tinyprune.reference import convolution, elementwise, matrices, moves, pooling, reduction, softmax
from tinyprune.reference.stateful import States, initial_states, run_stateful


def run(graph: Graph, inputs: Int8) -> dict[str, Int8]:
    """Every tensor of `graph` by name, each (n, ...), for `inputs` (n, ...), all of them as `edges` has it."""
    count = len(edges.split(graph, graph.inputs, inputs)[0])
    return resume(graph, inputs, initial_states(graph, count))[0]


def resume(graph: Graph, inputs: Int8, states: States) -> tuple[dict[str, Int8], States]:
    """As `run`, but input i finds the model as states[name][i] say; and what it remembers after that input."""
    values = dict(zip(graph.inputs, edges.split(graph, graph.inputs, inputs), strict=True))
    count = len(values[graph.inputs[0]])
    for constant, content in graph.constants.items():
        values[constant] = np.broadcast_to(content, (count, *content.shape[1:]))
    changed = dict(states)
    for layer in graph.layers:
        if isinstance(layer, Stateful):
            y, remembered = run_stateful(layer, values[layer.input].astype(np.int64), graph, states)
            values[layer.output] = y.astype(np.int8).reshape(-1, *graph.tensors[layer.output].shape[1:])
            changed |= remembered
        else:
            values[layer.output] = run_layer(layer, graph, values)
    return values, changed


def output(graph: Graph, inputs: Int8) -> Int8:
    """The model's output (n, ...) for `inputs` (n, ...), both as `edges` has them."""
    return outputs_of(graph, run(graph, inputs))


def outputs_of(graph: Graph, values: Mapping[str, Int8]) -> Int8:
    """The model's output among the `values` of `run`."""
    return edges.join(graph, graph.outputs, [values[name] for name in graph.outputs])


def run_layer(layer: Stateless, graph: Graph, values: Mapping[str, Int8]) -> Int8:
    """The output (n, ...) of one layer that remembers nothing, given its inputs."""
    x = values[layer.input].astype(np.int64)
    source, target = graph.tensors[layer.input], graph.tensors[layer.output]
    match layer:
        case ir.Conv2D():
            y = convolution.conv2d(layer, x, source, target)
        case ir.DepthwiseConv2D():
            y = convolution.depthwise_conv2d(layer, x, source, target)
        case ir.TransposeConv2D():
            y = convolution.transpose_conv2d(layer, x, source, target)
        case ir.BatchMatMul():
            y = matrices.batch_matmul(layer, x, values[layer.other].astype(np.int64), graph)
        case ir.Dense():
            y = convolution.dense(layer, x, source, target)
        case ir.Binary():
            y = elementwise.binary(layer, x, values[layer.other].astype(np.int64), graph)
        case ir.MaxPool():
            y = pooling.max_pool(layer, x)
        case ir.AveragePool():
            y = pooling.average_pool(layer, x)
        case ir.Reduce():
            y = reduction.reduce(layer, x, source, target)
        case ir.Reshape():
            y = x
        case ir.Softmax():
            y = softmax.softmax(x, layer.beta, source.scale)
        case ir.Move():
            y = moves.move(layer, [values[name] for name in layer.inputs], target)
        case ir.ResizeNearest():
            y = moves.resize_nearest(layer, values[layer.input])
        case ir.Lut():
            y = layer.table[x + 128]
    return y.astype(np.int8).reshape(-1, *target.shape[1:])
