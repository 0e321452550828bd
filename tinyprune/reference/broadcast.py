"""How two operands of different shapes meet: they are aligned at their last axis, a size of 1 repeats, as in numpy."""

from __future__ import annotations

from dataclasses import dataclass

from tinyprune.arithmetic import Int64

MAX_AXES = 4

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Broadcast:
    """Nested loops over the output, outermost first: their lengths, and each operand's step (0 where it repeats)."""

    sizes: Shape
    input_strides: Shape
    other_strides: Shape


def aligned(values: Int64, shape: Shape, rank: int) -> Int64:
    """`values` (n, ...) of a tensor of `shape`, whose first size is 1, with sizes of 1 to make it `rank` axes."""
    return values.reshape(-1, *((1,) * (rank - len(shape)) + shape)[1:])


def loops(output: Shape, input: Shape, other: Shape) -> Broadcast:
    """The fewest loops, padded to MAX_AXES: axes over which both operands go on at an even pace become one.

    Operands of equal shapes need one loop. ValueError where more than MAX_AXES are needed.
    """
    rank = len(output)
    rows: list[tuple[int, int, int]] = []
    for size, a, b in zip(output, _strides(output, input), _strides(output, other), strict=True):
        if size == 1:
            continue
        if rows and rows[-1][1:] == (a * size, b * size):
            rows[-1] = (rows[-1][0] * size, a, b)
        else:
            rows.append((size, a, b))
    if len(rows) > MAX_AXES:
        raise ValueError(f"broadcasts {list(input)} and {list(other)}: more than {MAX_AXES} loops of {rank} axes")
    padded = [(1, 0, 0)] * (MAX_AXES - len(rows)) + rows
    sizes, input_strides, other_strides = zip(*padded, strict=True)
    return Broadcast(sizes, input_strides, other_strides)


def _strides(output: Shape, shape: Shape) -> Shape:
    """The step of each axis of `output` in a row-major operand of `shape`."""
    step, strides = 1, list[int]()
    for size in reversed((1,) * (len(output) - len(shape)) + shape):
        strides.append(0 if size == 1 else step)
        step *= size
    return tuple(reversed(strides))
