"""Random layers that multiply: convolutions, dense layers, products of matrices."""

from __future__ import annotations

from hypothesis import strategies as st
from layer_builder import CHANNELS, ZERO_POINTS, Builder

from tinyprune import ir
from tinyprune.ir import Layer, Padding, Quant, Window

MATMUL_BITS = 13  # of the products' scale, and of their number, together: more could leave int32


def conv2d(build: Builder) -> Layer:
    window, channels = build.window(dilated=True), build.draw(CHANNELS)
    values = build.weights((channels, *window.size, build.source.shape[3]), 0)
    target = build.target((1, *build.slid(window), channels))
    weights, bias = build.weighted(values, 0, target)
    return ir.Conv2D(build.name("conv2d"), build.source.name, target, weights, bias, window, build.clamp())


def depthwise(build: Builder) -> Layer:
    usual = build.draw(st.booleans())  # a fast kernel is for those
    window = build.window(dilated=not usual, usual=usual)
    channels = build.source.shape[3] * (1 if usual else build.draw(st.integers(1, 3)))
    values = build.weights((1, *window.size, channels), 3)
    target = build.target((1, *build.slid(window), channels))
    weights, bias = build.weighted(values, 3, target)
    return ir.DepthwiseConv2D(build.name("depthwise"), build.source.name, target, weights, bias, window, build.clamp())


def transpose_conv2d(build: Builder) -> Layer:
    """Cropped at the top and left, and at the bottom and right cropped or going on beyond what any window covers."""
    size, stride, output, crop = [], [], [], []
    for length in build.source.shape[1:3]:
        taps, step = build.draw(st.integers(1, 4)), build.draw(st.integers(1, 3))
        before = build.draw(st.integers(0, taps - 1))
        covered = (length - 1) * step + taps - before
        size.append(taps)
        stride.append(step)
        crop.append(before)
        output.append(build.draw(st.integers(max(1, covered - 2), covered + 2)))
    channels = build.draw(CHANNELS)
    values = build.weights((channels, *size, build.source.shape[3]), 0)
    target = build.target((1, *output, channels))
    weights, bias = build.weighted(values, 0, target)
    window = Window((size[0], size[1]), (stride[0], stride[1]), padding=Padding(crop[0], 0, crop[1], 0))
    name = build.name("transpose_conv2d")
    return ir.TransposeConv2D(name, build.source.name, target, weights, bias, window, build.clamp())


def dense(build: Builder) -> Layer:
    """Over the whole input as one vector, or over each of its pixels."""
    inputs = build.draw(st.sampled_from([build.source.bytes, build.source.shape[3]]))
    outputs = build.draw(CHANNELS)
    target = build.target((1, build.source.bytes // inputs, outputs))
    weights, bias = build.weighted(build.weights((outputs, inputs), 0), 0, target)
    return ir.Dense(build.name("dense"), build.source.name, target, weights, bias, build.clamp())


def batch_matmul(build: Builder) -> Layer:
    """Of the input and a constant, each as it is or transposed; the constant's batch may repeat."""
    _, batch, *matrix = build.source.shape
    adj_x, adj_y = build.draw(st.booleans()), build.draw(st.booleans())
    rows, depth = matrix[::-1] if adj_x else matrix
    columns = build.draw(st.integers(1, 5))
    shape = (1, build.draw(st.sampled_from([1, batch])), *((columns, depth) if adj_y else (depth, columns)))
    quant = Quant((build.source.scale * build.power(-4, 4),), build.draw(ZERO_POINTS))
    other = build.constant(shape, quant)
    scale = build.source.scale * quant.scale[0] * build.power(depth.bit_length() - MATMUL_BITS, 12)
    target = build.target((1, batch, rows, columns), Quant((scale,), build.draw(ZERO_POINTS)))
    return ir.BatchMatMul(build.name("batch_matmul"), build.source.name, other, target, adj_x, adj_y)
