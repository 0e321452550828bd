"""What a valid layer of moved values is: it reads and writes inside of its tensors, and leaves no element undefined."""

from __future__ import annotations

import math

from tinyprune import ir
from tinyprune.ir import BlockCopy, Graph
from tinyprune.kernels import MOVE_RANK


def move_problem(layer: ir.Move | ir.ResizeNearest, graph: Graph) -> str | None:
    """What is wrong with `layer`, or None."""
    if isinstance(layer, ir.ResizeNearest):
        return _resize_problem(layer, graph)
    target = graph.tensors[layer.output].bytes
    for number, copy in enumerate(layer.copies):
        if len(copy.shape) > MOVE_RANK:
            return f"copies a block of {len(copy.shape)} strided axes; {MOVE_RANK} are supported"
        if not 0 <= copy.source < len(layer.inputs):
            return f"has no input {copy.source}"
        if not _inside(copy, copy.input_offset, copy.input_strides, graph.tensors[layer.inputs[copy.source]].bytes):
            return f"reads outside of its input in copy {number}"
        if not _inside(copy, copy.output_offset, copy.output_strides, target):
            return f"writes outside of its output in copy {number}"
    written = sum(math.prod(copy.shape) for copy in layer.copies)
    if written > target or (written < target and layer.fill is None):
        return f"writes {written} of {target} elements"
    return None if layer.copies else "copies nothing"


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
