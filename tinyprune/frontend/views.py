"""Strided views of tensors: what each data-movement operator does is a copy from one view to another."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from tinyprune.ir import BlockCopy
from tinyprune.reference import moves


@dataclass(frozen=True)
class View:
    """Element i is `offset` + i . `strides` of a tensor, for every index i of `shape`."""

    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    @staticmethod
    def of(shape: tuple[int, ...]) -> View:
        """A whole tensor, row-major."""
        return View(0, shape, tuple(math.prod(shape[axis + 1 :]) for axis in range(len(shape))))

    def sliced(self, axis: int, start: int, count: int, step: int = 1) -> View:
        """`count` indices of an axis: start, start + step, ..."""
        stride = self.strides[axis]
        return View(
            self.offset + start * stride,
            (*self.shape[:axis], count, *self.shape[axis + 1 :]),
            (*self.strides[:axis], step * stride, *self.strides[axis + 1 :]),
        )

    def at(self, axis: int, index: int) -> View:
        """One index of an axis, which is dropped."""
        view = self.sliced(axis, index, 1)
        return replace(
            view,
            shape=(*view.shape[:axis], *view.shape[axis + 1 :]),
            strides=(*view.strides[:axis], *view.strides[axis + 1 :]),
        )

    def transposed(self, axes: tuple[int, ...]) -> View:
        return View(self.offset, tuple(self.shape[a] for a in axes), tuple(self.strides[a] for a in axes))


def block_copy(source: int, origin: View, target: View) -> BlockCopy:
    """From `origin`, a view of input `source`, to `target`, a view of the output; their shapes are the same."""
    assert origin.shape == target.shape
    axes = zip(origin.shape, origin.strides, target.strides, strict=True)
    return moves.block_copy(source, axes, origin.offset, target.offset)
