"""What one input channel adds to the accumulators of a layer, where that is a number known beforehand.

A channel that is provably constant adds a constant to each accumulator, but not the same one everywhere: at the border
a padded convolution sees the zero point instead, and a channel may be a constant *map*. Only what is the same at every
output position can be moved into the bias.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tinyprune import formats, ir
from tinyprune.arithmetic import Int64
from tinyprune.ir import Graph
from tinyprune.passes.intervals import Bounds, can_analyze, constant_channels
from tinyprune.reference import convolution


@dataclass(frozen=True, eq=False)
class Contributions:
    """For each (input channel, output channel): whether the contribution is one number everywhere, and which."""

    uniform: NDArray[np.bool_]
    value: Int64  # 0 where not uniform


def contributions(graph: Graph, known: Mapping[str, Bounds]) -> dict[str, Contributions]:
    """By layer name, for each convolution, and each dense layer whose inputs are whole channels.

    There are none for a layer that is too large to analyze.
    """
    return {
        layer.name: _of_layer(layer, graph, known[layer.input])
        for layer in graph.layers
        if isinstance(layer, (ir.Conv2D, ir.Dense)) and has_whole_channels(layer, graph) and can_analyze(layer, graph)
    }


def has_whole_channels(layer: ir.Conv2D | ir.Dense, graph: Graph) -> bool:
    """Whether the columns of the weights are (..., channels of the input)."""
    return layer.weights.shape[-1] % graph.tensors[layer.input].shape[-1] == 0


def by_channel(layer: ir.Conv2D | ir.Dense, graph: Graph) -> ir.Int8:
    """The weights as (output channel, ..., input channel): those of a dense layer over a flattened input too."""
    channels = graph.tensors[layer.input].shape[-1]
    weights = formats.unpack(layer.weights)
    return weights if isinstance(layer, ir.Conv2D) else weights.reshape(len(weights), -1, channels)


def _of_layer(layer: ir.Conv2D | ir.Dense, graph: Graph, bounds: Bounds) -> Contributions:
    weights = by_channel(layer, graph)
    unused = (weights == 0).reshape(len(weights), -1, weights.shape[-1]).all(axis=1).T
    value = np.zeros(unused.shape, np.int64)
    x = bounds[0].astype(np.int64) - graph.tensors[layer.input].zero_point
    for channel in np.flatnonzero(constant_channels(bounds)):
        at_each_position = _maps(layer, x[..., channel : channel + 1], weights[..., channel : channel + 1])
        same = (at_each_position == at_each_position[0]).all(axis=0)
        unused[channel] |= same
        value[channel] = np.where(same, at_each_position[0], 0)
    return Contributions(unused, value)


def _maps(layer: ir.Conv2D | ir.Dense, x: Int64, weights: ir.Int8) -> Int64:
    """(positions, O): what one channel `x` (..., 1), zero point removed, adds to the accumulators."""
    if isinstance(layer, ir.Conv2D):
        return convolution.conv2d_accumulate(x, weights, layer.window).reshape(-1, len(weights))
    return convolution.dense_accumulate(x, weights.reshape(len(weights), -1))
