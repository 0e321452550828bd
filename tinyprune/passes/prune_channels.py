"""Silences channels of an int8 graph, as the shape of structured pruning: what it computes is no longer the model."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tinyprune import formats, ir
from tinyprune.ir import Graph, Layer


def prune_channels(graph: Graph, sparsity: float) -> Graph:
    """`graph` with that share of the output channels of each convolution and dense layer zero, always the last ones.

    Those are the same in all branches that an addition joins, so that `simplify` removes what fine-tuned structured
    pruning would. Layers whose channels reach an output of the model stay whole.
    """
    whole = _final(graph)

    def pruned(layer: Layer) -> Layer:
        if not isinstance(layer, (ir.Conv2D, ir.Dense)) or layer.name in whole:
            return layer
        values, bias = formats.unpack(layer.weights).copy(), layer.bias.copy()
        kept = len(values) - min(len(values) - 1, round(sparsity * len(values)))
        values[kept:], bias[kept:] = 0, 0
        return replace(layer, weights=formats.pack("dense", np.asarray(values), layer.weights.quant), bias=bias)

    return replace(graph, layers=tuple(pruned(layer) for layer in graph.layers))


def _final(graph: Graph) -> set[str]:
    """The layers with channels of their own, from which an output is reached without another such layer."""
    makers = {layer.output: layer for layer in graph.layers}
    found, waiting = set[str](), list(graph.outputs)
    while waiting:
        layer = makers.get(waiting.pop())
        if isinstance(layer, (ir.Conv2D, ir.Dense)):
            found.add(layer.name)
        elif layer is not None:
            waiting.extend(ir.layer_inputs(layer))
    return found
