"""Convolutions and dense layers: int32 accumulators, requantized per output channel.

Accumulators are computed by float64 matrix products, which are exact: |acc| < 2**53.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tinyprune import formats
from tinyprune.arithmetic import Int64, Requant, requant, requantize
from tinyprune.ir import Clamp, Conv2D, Dense, DepthwiseConv2D, Int8, Padding, Tensor, TransposeConv2D, Weighted, Window

Float64 = NDArray[np.float64]


def layer_requant(layer: Weighted, source: Tensor, target: Tensor) -> Requant:
    """Multipliers and shifts, one an output channel, or one where the weights have one scale.

    The real multiplier is input scale * weight scale / output scale, in double precision, as in TFLM.
    """
    return requant(source.scale * scale / target.scale for scale in layer.weights.quant.scale)


def weight_sums(layer: Weighted, values: Int64) -> Int64:
    """The sum of `values`, shaped like the layer's weights, over each output channel: (O,)."""
    channel = 3 if isinstance(layer, DepthwiseConv2D) else 0
    return values.sum(axis=tuple(axis for axis in range(values.ndim) if axis != channel))


def kernel_bias(layer: Weighted, source: Tensor, raised: int = 0) -> Int64:
    """The bias that kernels are given, (O,): bias - zero_point * sum(weights), so that zero points stay out of loops.
    `raised` is what a kernel adds to the inputs, and so to the zero point.

    Not folded for a transposed convolution, where an output may see any part of the weights.
    """
    bias = layer.bias.astype(np.int64)
    if isinstance(layer, TransposeConv2D):
        return bias
    return bias - (source.zero_point + raised) * weight_sums(layer, formats.unpack(layer.weights).astype(np.int64))


def finish(acc: Int64, to: Requant, target: Tensor, clamp: Clamp) -> Int64:
    """int32 accumulators to int8 values (as int64): requantize, add the zero point, clamp."""
    return np.clip(requantize(acc, to) + target.zero_point, *clamp)


def conv2d(layer: Conv2D, x: Int64, source: Tensor, target: Tensor) -> Int64:
    acc = conv2d_accumulate(x - source.zero_point, formats.unpack(layer.weights), layer.window) + layer.bias
    return finish(acc, layer_requant(layer, source, target), target, layer.clamp)


def depthwise_conv2d(layer: DepthwiseConv2D, x: Int64, source: Tensor, target: Tensor) -> Int64:
    acc = depthwise_accumulate(x - source.zero_point, formats.unpack(layer.weights), layer.window) + layer.bias
    return finish(acc, layer_requant(layer, source, target), target, layer.clamp)


def transpose_conv2d(layer: TransposeConv2D, x: Int64, source: Tensor, target: Tensor) -> Int64:
    acc = transpose_accumulate(x - source.zero_point, formats.unpack(layer.weights), layer.window, target) + layer.bias
    return finish(acc, layer_requant(layer, source, target), target, layer.clamp)


def dense(layer: Dense, x: Int64, source: Tensor, target: Tensor) -> Int64:
    acc = dense_accumulate(x - source.zero_point, formats.unpack(layer.weights)) + layer.bias
    return finish(acc, layer_requant(layer, source, target), target, layer.clamp)


def conv2d_accumulate(x: Int64, weights: Int8, window: Window) -> Int64:
    """Sums of products (n, oh, ow, O) of `x` (n, h, w, I), zero point removed, and `weights` OHWI."""
    height, width = window.output(x.shape[1], x.shape[2])
    acc = np.zeros((x.shape[0], height, width, weights.shape[0]))
    for taps, i, j in _taps(x, window):
        acc += taps @ weights[:, i, j, :].T.astype(np.float64)
    return _exact(acc)


def depthwise_accumulate(x: Int64, weights: Int8, window: Window) -> Int64:
    """As `conv2d_accumulate`, for `weights` 1HWO."""
    height, width = window.output(x.shape[1], x.shape[2])
    channels = weights.shape[3]
    acc = np.zeros((x.shape[0], height, width, channels))
    for taps, i, j in _taps(x, window):
        acc += np.repeat(taps, channels // x.shape[3], axis=3) * weights[0, i, j].astype(np.float64)
    return _exact(acc)


def dense_accumulate(x: Int64, weights: Int8) -> Int64:
    """Sums of products (rows, O) of `x`, zero point removed, seen as rows of I values, and `weights` (O, I)."""
    return _exact(x.reshape(-1, weights.shape[1]).astype(np.float64) @ weights.T.astype(np.float64))


def transpose_accumulate(x: Int64, weights: Int8, window: Window, target: Tensor) -> Int64:
    """Each pixel of `x` times the whole window of `weights` OHWI, added where it lies in the output (n, oh, ow, O)."""
    _, height, width, channels = target.shape
    pad, (down, right) = window.padding, window.stride
    sizes = [(x.shape[i + 1] - 1) * window.stride[i] + window.size[i] for i in range(2)]
    sizes = [max(sizes[0], pad.top + height), max(sizes[1], pad.left + width)]
    acc = np.zeros((x.shape[0], *sizes, channels))
    for i in range(window.size[0]):
        for j in range(window.size[1]):
            rows = slice(i, i + (x.shape[1] - 1) * down + 1, down)
            columns = slice(j, j + (x.shape[2] - 1) * right + 1, right)
            acc[:, rows, columns] += x.astype(np.float64) @ weights[:, i, j, :].T.astype(np.float64)
    return _exact(acc[:, pad.top : pad.top + height, pad.left : pad.left + width])


def _taps(x: Int64, window: Window) -> list[tuple[Float64, int, int]]:
    """For each kernel position (i, j), the inputs that it meets at every output position: (n, oh, ow, I)."""
    padded = pad(x.astype(np.float64), window.padding, 0)
    height, width = window.output(x.shape[1], x.shape[2])
    views: list[tuple[Float64, int, int]] = []
    for i in range(window.size[0]):
        for j in range(window.size[1]):
            top, left = i * window.dilation[0], j * window.dilation[1]
            rows = slice(top, top + (height - 1) * window.stride[0] + 1, window.stride[0])
            columns = slice(left, left + (width - 1) * window.stride[1] + 1, window.stride[1])
            views.append((padded[:, rows, columns, :], i, j))
    return views


def pad(x: Float64, padding: Padding, value: float) -> Float64:
    """`x` (n, h, w, c) with rows and columns of `value` around."""
    around = ((0, 0), (padding.top, padding.bottom), (padding.left, padding.right), (0, 0))
    return np.pad(x, around, constant_values=value)


def _exact(acc: Float64) -> Int64:
    return acc.astype(np.int64)
