"""Products of matrices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tinyprune.arithmetic import Int64, Requant, requantize
from tinyprune.ir import BatchMatMul, Graph, Tensor
from tinyprune.reference.broadcast import Broadcast, Shape, aligned, loops
from tinyprune.reference.scales import bounded

PRODUCT_BITS = 16  # of two int8 values without their zero points


@dataclass(frozen=True)
class Matrices:
    """One pair of matrices, rows x depth and depth x columns, and how the batches of pairs meet."""

    rows: int
    depth: int
    columns: int
    batches: Broadcast


def output_shape(layer: BatchMatMul, graph: Graph) -> Shape:
    """ValueError where the operands do not fit."""
    a, b = _shapes(layer, graph)
    if a[-1] != b[-2]:
        raise ValueError(f"multiplies {list(a[-2:])} and {list(b[-2:])}")
    return (*np.broadcast_shapes(a[:-2], b[:-2]), a[-2], b[-1])


def matrices(layer: BatchMatMul, graph: Graph) -> Matrices:
    a, b = _shapes(layer, graph)
    y = output_shape(layer, graph)
    return Matrices(a[-2], a[-1], b[-1], loops(y[:-2], a[:-2], b[:-2]))


def _shapes(layer: BatchMatMul, graph: Graph) -> tuple[Shape, Shape]:
    """Of both operands as they are multiplied, in equally many axes and at least a batch and two."""
    shapes = [graph.tensors[name].shape for name in (layer.input, layer.other)]
    rank = _rank(layer, graph)
    a, b = ((1,) * (rank - len(shape)) + shape for shape in shapes)
    return _transposed(a, layer.adj_x), _transposed(b, layer.adj_y)


def _rank(layer: BatchMatMul, graph: Graph) -> int:
    return max(3, *(len(graph.tensors[name].shape) for name in (layer.input, layer.other)))


def _transposed(shape: Shape, swap: bool) -> Shape:
    return (*shape[:-2], shape[-1], shape[-2]) if swap else shape


def matmul_requant(a: Tensor, b: Tensor, y: Tensor, depth: int) -> Requant:
    return bounded(a.scale * b.scale / y.scale, PRODUCT_BITS + depth.bit_length())


def batch_matmul(layer: BatchMatMul, x: Int64, other: Int64, graph: Graph) -> Int64:
    source, second, target = (graph.tensors[name] for name in (layer.input, layer.other, layer.output))
    rank = _rank(layer, graph)
    a = aligned(x - source.zero_point, source.shape, rank)
    b = aligned(other - second.zero_point, second.shape, rank)
    a = np.swapaxes(a, -1, -2) if layer.adj_x else a
    b = np.swapaxes(b, -1, -2) if layer.adj_y else b
    scaled = requantize(a @ b, matmul_requant(source, second, target, a.shape[-1]))
    return np.clip(scaled + target.zero_point, -128, 127)
