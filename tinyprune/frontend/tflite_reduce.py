"""Sums and means over axes that are constant."""

from __future__ import annotations

from collections.abc import Callable

from tinyprune import ir
from tinyprune.frontend.tflite_operators import Source
from tinyprune.ir import Layer, Reduce
from tinyprune.reference import reduction

MAX_VALUES = 1 << 22  # that make one output: their sum stays inside int32


def reduced(source: Source, kind: type[Reduce]) -> Layer:
    """The layer; the batch, which is 1, may be among the axes and changes nothing."""
    x, y = source.input(), source.output()
    rank = len(x.shape)
    given = [int(axis) for axis in source.constant(1, "INT32").reshape(-1)]
    if not all(-rank <= axis < rank for axis in given):
        raise source.error(f"is over axes {given} of an input of {rank}")
    axes = tuple(sorted({axis % rank for axis in given} - {0}))
    layer = kind(source.name(kind.__name__.lower()), x.name, y.name, axes)
    if reduction.count(layer, x) > MAX_VALUES:
        raise source.error(f"sums more than {MAX_VALUES:,} values")
    try:
        reduction.loops(layer, x)
        reduction.reduce_requant(layer, x, y)
    except ValueError as error:
        raise source.error(str(error)) from error
    return layer


def mean(source: Source) -> Layer:
    return reduced(source, ir.Mean)


def total(source: Source) -> Layer:
    return reduced(source, ir.Sum)


BUILDERS: dict[str, Callable[[Source], Layer]] = {"MEAN": mean, "SUM": total}
