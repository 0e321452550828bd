"""Gives each output channel that is constant no weights, and a bias that is no larger than it must be.

A channel that pruning has emptied has weights whose scale is next to nothing: converters divide its bias by that scale,
and it comes as 2^30. No kernel that proves its accumulators small would run such a layer, for the sake of one channel
that another one needs: a residual block adds to it. Channels that nobody needs are gone before (remove_dead_channels).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from tinyprune import formats, ir
from tinyprune.ir import Graph, Layer, Quant, Weighted
from tinyprune.passes.intervals import Bounds, intervals
from tinyprune.passes.masks import Mask

FRACTION = 10  # bits: accumulators of these channels are outputs times 2^10, which any rounding takes back exactly


def settle_constant_channels(graph: Graph) -> Graph:
    """`graph` with the same values in every tensor."""
    known = intervals(graph)
    return replace(graph, layers=tuple(_settled(layer, graph, known) for layer in graph.layers))


def _settled(layer: Layer, graph: Graph, known: Mapping[str, Bounds]) -> Layer:
    if not isinstance(layer, Weighted) or len(layer.weights.quant.scale) != len(layer.bias):
        return layer
    source, target = graph.tensors[layer.input], graph.tensors[layer.output]
    constant = _constant(known[layer.output])
    if not constant.any():
        return layer
    values = formats.unpack(layer.weights).copy()
    values[(..., constant) if isinstance(layer, ir.DepthwiseConv2D) else constant] = 0
    scales = np.where(constant, 2.0**-FRACTION * target.scale / source.scale, layer.weights.quant.scale).tolist()
    outputs = known[layer.output][0].reshape(-1, len(constant))[0].astype(np.int32)
    bias = np.where(constant, (outputs - target.zero_point) << FRACTION, layer.bias).astype(np.int32)
    weights = formats.pack(layer.weights.format, values, Quant(tuple(scales), layer.weights.quant.zero_point))
    return replace(layer, weights=weights, bias=bias)


def _constant(bounds: Bounds) -> Mask:
    """For each channel, whether it has the same one value everywhere."""
    values = bounds.reshape(-1, bounds.shape[-1])
    return (values == values[0]).all(axis=0)
