"""Makes a depthwise convolution of a single input channel what it also is: a convolution, with its formats and kernels.

Each output channel reads every input channel, the one; window, accumulators and requantization are the same
(docs/operators.md). Spectrograms are convolved so, as one channel with a depth multiplier.
"""

from __future__ import annotations

from dataclasses import replace

from tinyprune import formats, ir
from tinyprune.ir import Graph, Layer


def unify_convolutions(graph: Graph) -> Graph:
    return replace(graph, layers=tuple(_unified(layer, graph) for layer in graph.layers))


def _unified(layer: Layer, graph: Graph) -> Layer:
    if not isinstance(layer, ir.DepthwiseConv2D) or graph.tensors[layer.input].shape[-1] != 1:
        return layer
    values = formats.unpack(layer.weights).transpose(3, 1, 2, 0)  # 1HWO to OHW1
    weights = formats.pack(layer.weights.format, values, layer.weights.quant)
    return ir.Conv2D(layer.name, layer.input, layer.output, weights, layer.bias, layer.window, layer.clamp)
