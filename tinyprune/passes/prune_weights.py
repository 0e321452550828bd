"""One-shot magnitude pruning of an int8 graph. Nobody looks after accuracy here: fine-tune a Keras model for that."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tinyprune import formats, ir
from tinyprune.errors import unknown_name
from tinyprune.granularity import PATTERNS, check_fixed_sparsity, numbers
from tinyprune.ir import Graph, Int8, Layer

BLOCKS = {"element": (1, 1)} | {f"block:{pattern}": numbers(pattern) for pattern in PATTERNS["block"]}
"""What goes as one piece: output channels by consecutive inputs."""
RUNS = {f"n_m:{pattern}": numbers(pattern) for pattern in PATTERNS["n_m"]}
"""How many stay of how many consecutive inputs of an output channel."""
GRANULARITIES = (*BLOCKS, *RUNS)

Float64 = NDArray[np.float64]


def check_granularity(granularity: str, sparsity: float) -> None:
    """Raises TinypruneError for a granularity that is not known, or fixes another sparsity."""
    if granularity not in GRANULARITIES:
        raise unknown_name("granularity", granularity, GRANULARITIES)
    check_fixed_sparsity(granularity, sparsity)


def prune_weights(graph: Graph, sparsity: float, granularity: str = "element") -> Graph:
    """`graph` with that share of the weights of each convolution and dense layer zero; depthwise stays as it is.

    `granularity` is a full name (`granularity.full_name`).
    """
    check_granularity(granularity, sparsity)

    def pruned(layer: Layer) -> Layer:
        if not isinstance(layer, (ir.Conv2D, ir.Dense)):
            return layer
        values = formats.unpack(layer.weights)
        rows = values.reshape(values.shape[0], -1)
        kept = _kept(_magnitudes(rows, layer.weights.quant), sparsity, granularity)
        weights = formats.pack(layer.weights.format, np.where(kept, rows, 0).reshape(values.shape), layer.weights.quant)
        return replace(layer, weights=weights)

    return replace(graph, layers=tuple(pruned(layer) for layer in graph.layers))


def _magnitudes(rows: Int8, quant: ir.Quant) -> Float64:
    """Of the real weights: |q| times its channel's scale."""
    return np.abs(rows.astype(np.float64)) * np.array(quant.scales(len(rows)))[:, None]


def _kept(magnitudes: Float64, sparsity: float, granularity: str) -> NDArray[np.bool_]:
    """(rows, columns): where a weight stays. A matrix is filled up with zeros to whole blocks or runs."""
    rows, columns = magnitudes.shape
    height, width = BLOCKS.get(granularity) or (1, RUNS[granularity][1])
    padded = np.pad(magnitudes, ((0, -rows % height), (0, -columns % width)))
    tall, wide = padded.shape
    if granularity in RUNS:
        kept = _best(padded.reshape(tall, wide // width, width), RUNS[granularity][0]).reshape(tall, wide)
    else:
        blocks = padded.reshape(tall // height, height, wide // width, width).sum(axis=(1, 3))
        best = _best(blocks.reshape(-1), blocks.size - round(sparsity * blocks.size)).reshape(blocks.shape)
        kept = best.repeat(height, axis=0).repeat(width, axis=1)
    return kept[:rows, :columns]


def _best(scores: Float64, count: int) -> NDArray[np.bool_]:
    """Where the `count` highest scores of the last axis are; of equal ones the first stay."""
    order = np.argsort(-scores, axis=-1, kind="stable")[..., :count]
    kept = np.zeros(scores.shape, np.bool_)
    np.put_along_axis(kept, order, True, axis=-1)
    return kept
