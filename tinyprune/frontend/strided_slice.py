"""Which indices a STRIDED_SLICE takes, as TFLite's `strided_slice_logic.h` has it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Masks:
    """Bit i stands for axis i: begin or end left open, or the axis dropped (one index of it taken)."""

    begin: int
    end: int
    shrink: int


@dataclass(frozen=True)
class Slice:
    """`count` indices of an axis from `start` on, `step` apart; the axis may be dropped from the result."""

    start: int
    count: int
    step: int
    dropped: bool


def slices(
    shape: Sequence[int], begin: Sequence[int], end: Sequence[int], strides: Sequence[int], masks: Masks
) -> list[Slice]:
    """One slice an axis.

    Raises ValueError, saying what is wrong, for what TFLM does not do and for what nothing would be left of.
    """
    if not len(begin) == len(end) == len(strides) == len(shape):
        raise ValueError(f"has {len(begin)} begins, {len(end)} ends, {len(strides)} strides for {len(shape)} axes")
    return [_slice(axis, n, begin[axis], end[axis], strides[axis], masks) for axis, n in enumerate(shape)]


def _slice(axis: int, size: int, begin: int, end: int, step: int, masks: Masks) -> Slice:
    open_begin, open_end, dropped = (bool(mask >> axis & 1) for mask in (masks.begin, masks.end, masks.shrink))
    if step == 0 or (dropped and step < 0):
        raise ValueError(f"has stride {step} on axis {axis}")
    first, last = (0, size) if step > 0 else (size - 1, -1)
    start = first if open_begin else _clamped(begin, size, step)
    stop = last if open_end else _clamped(end, size, step)
    count = 1 if dropped else max(-((start - stop) // step), 0)
    if count == 0 or not 0 <= start < size:
        raise ValueError(f"takes nothing of axis {axis}: {begin} to {end} by {step} of {size}")
    return Slice(start, count, step, dropped)


def _clamped(index: int, size: int, step: int) -> int:
    index += size if index < 0 else 0
    return min(max(index, 0), size) if step > 0 else min(max(index, -1), size - 1)
