"""Removes the channels that no output bit depends on: those that are constant, and those that nobody uses.

No bit of the model's output changes, nor of any channel that stays, under TFLM's double rounding and under single
rounding alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from tinyprune import formats, ir
from tinyprune.arithmetic import INT32_MAX, Int64
from tinyprune.ir import Graph, Int32, Layer, Quant, Tensor
from tinyprune.passes import channel_copies
from tinyprune.passes.contributions import Contributions, by_channel, contributions
from tinyprune.passes.intervals import intervals
from tinyprune.passes.live_channels import live_channels
from tinyprune.passes.masks import Live, Mask


def remove_dead_channels(graph: Graph) -> Graph:
    """`graph` with fewer channels; what a constant channel added to the next layer is in that layer's bias.

    The names of tensors and layers stay, and so does the shape of the inputs and outputs. A memory plan would be that
    of the former shapes: there is none afterwards.
    """
    adds = contributions(graph, intervals(graph))
    live = live_channels(graph, adds)
    return replace(
        graph,
        tensors={name: _narrowed(tensor, live[name]) for name, tensor in graph.tensors.items()},
        layers=tuple(_compacted(layer, graph, live, adds) for layer in graph.layers),
        constants={name: values[..., live[name]] for name, values in graph.constants.items()},
        arena=None,
    )


def _narrowed(tensor: Tensor, live: Mask) -> Tensor:
    return replace(tensor, shape=(*tensor.shape[:-1], int(np.count_nonzero(live))))


def _compacted(layer: Layer, graph: Graph, live: Live, adds: Mapping[str, Contributions]) -> Layer:
    match layer:
        case ir.Conv2D() | ir.Dense() if layer.name in adds:
            inputs, outputs = live[layer.input], live[layer.output]
            kept = by_channel(layer, graph)[outputs][..., inputs]
            weights = _packed(layer, kept if isinstance(layer, ir.Conv2D) else kept.reshape(len(kept), -1), outputs)
            return replace(layer, weights=weights, bias=_folded_bias(layer, adds[layer.name].value[~inputs])[outputs])
        case ir.DepthwiseConv2D():
            outputs = live[layer.output]
            weights = _packed(layer, formats.unpack(layer.weights)[..., outputs], outputs)
            return replace(layer, weights=weights, bias=layer.bias[outputs])
        case ir.Move():
            return channel_copies.compacted(layer, live)
        case _:
            return layer


def _folded_bias(layer: ir.Conv2D | ir.Dense, gone: Int64) -> Int32:
    """The bias with what the channels that are `gone` (channels, O) added.

    It is the accumulator for an input whose other channels are at the zero point; `verify` has proved that none of
    those can leave int32.
    """
    bias = layer.bias + gone.sum(axis=0)
    assert np.abs(bias).max() <= INT32_MAX
    return bias.astype(np.int32)


def _packed(layer: ir.Weighted, values: ir.Int8, outputs: Mask) -> ir.Weights:
    quant = layer.weights.quant
    scales = np.array(quant.scales(outputs.size))[outputs].tolist() if len(quant.scale) > 1 else quant.scale
    return formats.pack(layer.weights.format, values, Quant(tuple(scales), quant.zero_point))
