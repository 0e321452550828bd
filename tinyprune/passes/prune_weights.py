"""One-shot magnitude pruning of an int8 graph. Nobody looks after accuracy here: fine-tune a Keras model for that."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tinyprune import formats, ir
from tinyprune.ir import Graph, Int8, Layer


def prune_weights(graph: Graph, sparsity: float) -> Graph:
    """`graph` with that share of the weights of each convolution and dense layer zero; depthwise stays as it is."""

    def pruned(layer: Layer) -> Layer:
        if not isinstance(layer, (ir.Conv2D, ir.Dense)):
            return layer
        values = _magnitude_pruned(formats.unpack(layer.weights), layer.weights.quant, sparsity)
        return replace(layer, weights=formats.pack(layer.weights.format, values, layer.weights.quant))

    return replace(graph, layers=tuple(pruned(layer) for layer in graph.layers))


def _magnitude_pruned(values: Int8, quant: ir.Quant, sparsity: float) -> Int8:
    """Real magnitudes count: |q| times its channel's scale. Of equal ones the later go first."""
    rows = values.reshape(values.shape[0], -1)
    scales = np.array(quant.scales(rows.shape[0]))[:, None]
    magnitude = (np.abs(rows.astype(np.float64)) * scales).reshape(-1)
    kept = np.argsort(-magnitude, kind="stable")[: magnitude.size - round(sparsity * magnitude.size)]
    pruned = np.zeros(magnitude.size, np.int8)
    pruned[kept] = values.reshape(-1)[kept]
    return pruned.reshape(values.shape)
