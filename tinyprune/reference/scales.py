"""Multipliers within the bounds for which TFLM's arithmetic is defined."""

from __future__ import annotations

from tinyprune.arithmetic import Requant, requant


class UnrepresentableError(ValueError):
    """The scales are outside what TFLM's arithmetic is defined for."""


def bounded(real: float, value_bits: int) -> Requant:
    """The multiplier `real` for values below 2**value_bits: raised by its left shift they must stay in 31 bits."""
    to = requant([real])
    if int(to.shift[0]) + value_bits > 30:
        raise UnrepresentableError(f"multiplies by {real:g}, which leaves 32 bits")
    return to


def below_one(real: float) -> Requant:
    """A multiplier that TFLM checks to be between 0 and 1."""
    if not 0 < real < 1:
        raise UnrepresentableError(f"multiplies by {real:g}, which TFLM takes only between 0 and 1")
    return requant([real])
