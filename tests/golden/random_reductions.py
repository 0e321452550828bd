"""Generators of pools, sums and means."""

from __future__ import annotations

import math
from collections.abc import Callable

from random_sketch import INT8_SPREAD, SPREAD, Generator, Shape, Sketch, Value, image
from random_weighted import slide


def pool(name: str) -> Callable[[Sketch, Value], None]:
    def make(sketch: Sketch, x: Value) -> None:
        way = slide(sketch, x, dilates=False)
        y = sketch.like((1, *way.output, x.shape[3]), x)
        sizes = {"FilterHeight": way.size[0], "FilterWidth": way.size[1]}
        activation = sketch.activation(y.zero_point)
        sketch.writer.operator(name, [x.index], [y.index], **way.options, **sizes, FusedActivationFunction=activation)

    return make


def reduction(name: str) -> Callable[[Sketch, Value], None]:
    """Over height and width, or over any axes; at least one axis stays beside the batch."""

    def make(sketch: Sketch, x: Value) -> None:
        rank = len(x.shape)
        axes = [axis for axis in range(1, rank) if sketch.chance(0.5)] or [rank - 1]
        axes = [1, 2] if rank == 4 and sketch.chance(0.4) else axes
        keeps = sketch.chance(0.5) or len(axes) == rank - 1
        shape = [1 if axis in axes else size for axis, size in enumerate(x.shape) if keeps or axis not in axes]
        count = math.prod(x.shape[axis] for axis in axes)
        largest = math.hypot(INT8_SPREAD * math.sqrt(count), (x.zero_point + 0.5) * count)
        scale = x.scale * largest / SPREAD / (count if name == "MEAN" else 1)
        y = sketch.value(shape, scale * sketch.power(-1.5, 1.5), sketch.zero_point_near(x))
        given = [sketch.axis(axis, rank) for axis in sketch.random.permutation(axes).tolist()]
        sketch.writer.operator(name, [x.index, sketch.ints(given)], [y.index], KeepDims=keeps)

    return make


def has_axes(shape: Shape) -> bool:
    return 2 <= len(shape) <= 4


REDUCTIONS = {
    "MAX_POOL_2D": Generator(pool("MAX_POOL_2D"), image),
    "AVERAGE_POOL_2D": Generator(pool("AVERAGE_POOL_2D"), image),
    "MEAN": Generator(reduction("MEAN"), has_axes, 0.6),
    "SUM": Generator(reduction("SUM"), has_axes, 0.6),
}
