"""Where the weights of each layer are not zero, small enough to be drawn."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from tinyprune import formats, ir
from tinyprune.ir import Graph, Int8

Density = NDArray[np.float64]
"""(rows, columns): the share of weights that are not zero, in each cell of a matrix of weights."""
Patterns = Mapping[str, Density]
"""By layer name."""

MAX_ROWS, MAX_COLUMNS = 48, 96  # of a picture


def patterns(graph: Graph) -> dict[str, Density]:
    """Of each layer whose weights can be sparse: a row for each output channel."""
    return {layer.name: density(_matrix(layer)) for layer in graph.layers if isinstance(layer, ir.Weighted)}


def density(matrix: Int8) -> Density:
    """(rows, columns) weights as (at most MAX_ROWS, at most MAX_COLUMNS) shares of non-zeros; each weight counts in one
    cell, and cells differ by at most one row and one column in size."""
    nonzero = matrix != 0
    rows, columns = (_edges(size, most) for size, most in zip(matrix.shape, (MAX_ROWS, MAX_COLUMNS), strict=True))
    counts = np.add.reduceat(np.add.reduceat(nonzero, rows[:-1], axis=0, dtype=np.int64), columns[:-1], axis=1)
    return counts / np.outer(np.diff(rows), np.diff(columns))


def _edges(size: int, most: int) -> NDArray[np.int64]:
    """Where each of at most `most` cells begins, and where the last one ends."""
    cells = min(size, most)
    return np.arange(cells + 1, dtype=np.int64) * size // cells


def _matrix(layer: ir.Weighted) -> Int8:
    weights = formats.unpack(layer.weights)
    if isinstance(layer, ir.DepthwiseConv2D):  # output channels last
        return weights.reshape(-1, weights.shape[-1]).T
    return weights.reshape(weights.shape[0], -1)
