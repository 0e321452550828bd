"""What a valid layer of moved values is: it reads and writes inside of its tensors, and leaves no element undefined."""

from __future__ import annotations

import math

import numpy as np
from numpy.lib.stride_tricks import as_strided

from tinyprune import ir
from tinyprune.ir import BlockCopy, Graph
from tinyprune.kernels import MOVE_RANK


def move_problem(layer: ir.Move | ir.ResizeNearest, graph: Graph) -> str | None:
    """What is wrong with `layer`, or None."""
    if isinstance(layer, ir.ResizeNearest):
        return _resize_problem(layer, graph)
    target = graph.tensors[layer.output].size
    for number, copy in enumerate(layer.copies):
        if len(copy.shape) > MOVE_RANK:
            return f"copies a block of {len(copy.shape)} strided axes; {MOVE_RANK} are supported"
        if not 0 <= copy.source < len(layer.inputs):
            return f"has no input {copy.source}"
        if not _inside(copy, copy.input_offset, copy.input_strides, graph.tensors[layer.inputs[copy.source]].size):
            return f"reads outside of its input in copy {number}"
        if not _inside(copy, copy.output_offset, copy.output_strides, target):
            return f"writes outside of its output in copy {number}"
    writes = sum(math.prod(copy.shape) for copy in layer.copies)
    if writes > target or (writes < target and layer.fill is None):
        return f"writes {writes} of {target} elements"
    written = _written(layer, target)
    if written < writes:
        return f"writes an element twice: {writes} times to {written} elements"
    return None if layer.copies else "copies nothing"


def _written(layer: ir.Move, target: int) -> int:
    """How many of the `target` elements of the output the copies reach, once or more."""
    reached = np.zeros(target, np.bool_)
    for copy in layer.copies:  # strided views, not lists of indices: a damaged file may ask for a gigantic output
        as_strided(reached[copy.output_offset :], copy.shape, copy.output_strides)[...] = True
    return int(np.count_nonzero(reached))


def _inside(copy: BlockCopy, offset: int, strides: tuple[int, ...], size: int) -> bool:
    reach = [(extent - 1) * stride for extent, stride in zip(copy.shape, strides, strict=True)]
    lowest = offset + sum(min(r, 0) for r in reach)
    highest = offset + sum(max(r, 0) for r in reach)
    return lowest >= 0 and highest < size and min(copy.shape) >= 1


def _resize_problem(layer: ir.ResizeNearest, graph: Graph) -> str | None:
    shape = graph.tensors[layer.input].shape
    if len(shape) != 4:
        return f"has an input of shape {list(shape)}, not NHWC"
    for kind, table, size in (("row", layer.rows, shape[1]), ("column", layer.columns, shape[2])):
        if not all(0 <= index < size for index in table):
            return f"reads a {kind} outside of its input"
    return None
