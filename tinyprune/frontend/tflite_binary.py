"""Operators of two inputs, either of which may be a constant."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tinyprune import ir
from tinyprune.frontend.tflite_operators import Source
from tinyprune.ir import Binary, Clamp, Layer
from tinyprune.reference import elementwise
from tinyprune.reference.broadcast import loops
from tinyprune.reference.elementwise import Operands
from tinyprune.reference.scales import UnrepresentableError

WHOLE: Clamp = (-128, 127)


def binary(source: Source, kind: type[Binary], clamp: Clamp) -> Layer:
    """The layer, where TFLM's arithmetic is defined for these scales."""
    of = Operands(source.operand(0), source.operand(1), source.output())
    a, b, y = of.input.shape, of.other.shape, of.output.shape
    try:
        if np.broadcast_shapes(a, b) != y:
            raise source.error(f"makes {list(y)} of shapes {list(a)} and {list(b)}")
        loops(y, a, b)
    except ValueError as error:
        raise source.error(f"has shapes {list(a)} and {list(b)}, which do not broadcast to {list(y)}") from error
    try:
        elementwise.SCALES[kind](of)
    except UnrepresentableError as error:
        raise source.error(str(error)) from error
    return kind(source.name(kind.__name__.lower()), of.input.name, of.other.name, of.output.name, clamp)


def add(source: Source) -> Layer:
    return binary(source, ir.Add, source.clamp())


def sub(source: Source) -> Layer:
    return binary(source, ir.Sub, source.clamp())


def mul(source: Source) -> Layer:
    return binary(source, ir.Mul, source.clamp())


def maximum(source: Source) -> Layer:
    return binary(source, ir.Maximum, WHOLE)


def minimum(source: Source) -> Layer:
    return binary(source, ir.Minimum, WHOLE)


def prelu(source: Source) -> Layer:
    return binary(source, ir.Prelu, WHOLE)


BUILDERS: dict[str, Callable[[Source], Layer]] = {
    "ADD": add,
    "SUB": sub,
    "MUL": mul,
    "MAXIMUM": maximum,
    "MINIMUM": minimum,
    "PRELU": prelu,
}
