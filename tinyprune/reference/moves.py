"""Operators that move values and compute none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from tinyprune.ir import BlockCopy, Int8, Move, ResizeNearest, Tensor

Axis = tuple[int, int, int]  # extent, stride of the input, stride of the output


def move(layer: Move, inputs: Sequence[Int8], target: Tensor) -> Int8:
    """The output (n, elements) of the copies of `inputs`, each (n, ...)."""
    samples = len(inputs[0])
    y = np.full((samples, target.size), layer.fill or 0, np.int8)
    for copy in layer.copies:
        x = inputs[copy.source].reshape(samples, -1)
        y[:, elements(copy.shape, copy.output_offset, copy.output_strides)] = x[
            :, elements(copy.shape, copy.input_offset, copy.input_strides)
        ]
    return y


def elements(shape: tuple[int, ...], offset: int, strides: tuple[int, ...]) -> NDArray[np.int64]:
    """The flat indices of a strided block, in its order."""
    axes = np.ix_(*(np.arange(extent) * stride for extent, stride in zip(shape, strides, strict=True)))
    return np.asarray(sum(axes, np.int64(offset)), np.int64).reshape(-1)


def block_copy(source: int, axes: Iterable[Axis], input_offset: int, output_offset: int) -> BlockCopy:
    """The copy over `axes`, outermost first, in its one normal form.

    Axes of one element are dropped, and neighbours that run on in both tensors become one, so that a copy of contiguous
    memory has one axis.
    """
    merged: list[Axis] = []
    for extent, read, write in axes:
        if extent == 1:
            continue
        if merged and merged[-1][1:] == (extent * read, extent * write):
            merged[-1] = (merged[-1][0] * extent, read, write)
        else:
            merged.append((extent, read, write))
    shape, reads, writes = zip(*(merged or [(1, 1, 1)]), strict=True)
    return BlockCopy(source, shape, input_offset, reads, output_offset, writes)


def resize_nearest(layer: ResizeNearest, x: Int8) -> Int8:
    """`x` (n, height, width, channels) at the rows and columns of the layer's tables."""
    return x[:, layer.rows][:, :, layer.columns]
