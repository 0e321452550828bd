"""Pooling. Padding takes no part: it is not counted."""

from __future__ import annotations

import numpy as np

from tinyprune.arithmetic import Int64
from tinyprune.ir import AveragePool, MaxPool, Window


def max_pool(layer: MaxPool, x: Int64) -> Int64:
    return np.clip(np.stack([view.max(axis=(1, 2)) for view in _views(x, layer.window)], 1), *layer.clamp)


def average_pool(layer: AveragePool, x: Int64) -> Int64:
    """The mean of the values inside the input, rounded half away from zero (TFLM's pooling.h)."""
    means = [_rounded_mean(view.sum(axis=(1, 2)), view.shape[1] * view.shape[2]) for view in _views(x, layer.window)]
    return np.clip(np.stack(means, 1), *layer.clamp)


def _rounded_mean(total: Int64, count: int) -> Int64:
    return np.sign(total) * ((np.abs(total) + count // 2) // count)


def _views(x: Int64, window: Window) -> list[Int64]:
    """What each output position sees of `x` (n, h, w, c), in row order."""
    height, width = window.output(x.shape[1], x.shape[2])
    pad, views = window.padding, list[Int64]()
    for i in range(height):
        for j in range(width):
            top, left = i * window.stride[0] - pad.top, j * window.stride[1] - pad.left
            rows, columns = slice(max(top, 0), top + window.size[0]), slice(max(left, 0), left + window.size[1])
            views.append(x[:, rows, columns, :])
    return views
