"""Random valid graphs of parallel layers: they all read the model input, so that one compilation covers many."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hypothesis import strategies as st
from layer_builder import CHANNELS, SIZES, ZERO_POINTS, Builder
from moved_layers import move, reshape, resize_nearest
from pointwise_layers import (
    binary,
    comparison,
    lut,
    pool,
    prelu_scale,
    product_scale,
    reduction,
    softmax,
    sum_scale,
)
from weighted_layers import batch_matmul, conv2d, dense, depthwise, transpose_conv2d

from tinyprune import ir
from tinyprune.ir import Graph, Layer, Quant, Tensor
from tinyprune.passes.verify import MAX_SOFTMAX_DEPTH

# of a softmax: its sums need many terms to fill their range
DEPTHS = CHANNELS | st.sampled_from([100, 1000, MAX_SOFTMAX_DEPTH])

# what makes a random layer of each type that has a kernel
KINDS: dict[type[Layer], Callable[[Builder], Layer]] = {
    ir.Conv2D: conv2d,
    ir.DepthwiseConv2D: depthwise,
    ir.TransposeConv2D: transpose_conv2d,
    ir.Dense: dense,
    ir.BatchMatMul: batch_matmul,
    ir.Add: binary(ir.Add, sum_scale),
    ir.Sub: binary(ir.Sub, sum_scale),
    ir.Mul: binary(ir.Mul, product_scale),
    ir.Prelu: binary(ir.Prelu, prelu_scale),
    ir.Maximum: comparison(ir.Maximum),
    ir.Minimum: comparison(ir.Minimum),
    ir.MaxPool: pool(ir.MaxPool),
    ir.AveragePool: pool(ir.AveragePool),
    ir.Mean: reduction(ir.Mean, 10),
    ir.Sum: reduction(ir.Sum, 8),
    ir.Softmax: softmax,
    ir.Lut: lut,
    ir.Reshape: reshape,
    ir.Move: move,
    ir.ResizeNearest: resize_nearest,
}


@st.composite
def graphs(draw: st.DrawFn, kinds: Sequence[type[Layer]], count: int) -> Graph:
    """`count` layers of each of `kinds`, each in every format that it can run in."""
    deep = [*kinds] == [ir.Softmax]
    shape = (1, draw(SIZES), 1, draw(DEPTHS)) if deep else (1, draw(SIZES), draw(SIZES), draw(CHANNELS))
    source = Tensor("input", shape, Quant((2 ** draw(st.floats(-12, 4)),), draw(ZERO_POINTS)))
    builder = Builder(draw, source, {"input": source})
    for kind in kinds:
        for _ in range(count):
            builder.append(KINDS[kind](builder))
    layers = tuple(builder.layers)
    return Graph("random", builder.tensors, layers, ("input",), (layers[-1].output,), builder.constants)
