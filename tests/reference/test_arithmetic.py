"""The fixed-point arithmetic against its definitions in exact rational numbers."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinyprune import arithmetic
from tinyprune.arithmetic import INT32_MAX, Requant, quantize_clamp, quantize_multiplier

INT32_MIN = -(2**31)
EDGES = [0, 1, -1, 2**30, -(2**30), INT32_MAX, INT32_MIN + 1, INT32_MIN]
INT32 = st.sampled_from(EDGES) | st.integers(INT32_MIN, INT32_MAX) | st.integers(-1000, 1000)
MULTIPLIERS = st.sampled_from([0, 2**30, INT32_MAX]) | st.integers(2**30, INT32_MAX)


def rounded_away(value: Fraction) -> int:
    """The nearest integer; of two equally near, that farther from zero."""
    return math.floor(abs(value) + Fraction(1, 2)) * (1 if value >= 0 else -1)


def rounded_up(value: Fraction) -> int:
    """The nearest integer; of two equally near, the larger."""
    return math.floor(value + Fraction(1, 2))


def wrapped(value: int) -> int:
    return (value + 2**31) % 2**32 - 2**31


def array(value: int) -> np.ndarray:
    return np.array([value], np.int64)


@given(a=INT32, b=INT32)
def test_high_multiply_rounds_half_up_and_saturates(a: int, b: int) -> None:
    (result,) = arithmetic.rounding_doubling_high_multiply(array(a), array(b))
    assert result == min(rounded_up(Fraction(a * b, 2**31)), INT32_MAX)


def test_high_multiply_takes_a_plain_number_too() -> None:
    assert arithmetic.rounding_doubling_high_multiply(array(3), 2**30).tolist() == [2]
    assert arithmetic.rounding_doubling_high_multiply(array(-3), 2**30).tolist() == [-1]


@given(value=INT32, exponent=st.integers(0, 31))
def test_divide_rounds_half_away_from_zero(value: int, exponent: int) -> None:
    (result,) = arithmetic.rounding_divide_by_power_of_two(array(value), exponent)
    assert result == rounded_away(Fraction(value, 2**exponent))


@given(acc=INT32, multiplier=MULTIPLIERS, shift=st.integers(-31, 30))
def test_requantize_rounds_twice(acc: int, multiplier: int, shift: int) -> None:
    raised = wrapped(acc << max(shift, 0))
    once = rounded_up(Fraction(raised * multiplier, 2**31))
    to = Requant(np.array([multiplier], np.int32), np.array([shift], np.int32))
    assert arithmetic.requantize(array(acc), to).tolist() == [rounded_away(Fraction(once, 2 ** max(-shift, 0)))]


def test_double_rounding_is_not_single_rounding() -> None:
    """0.5 - 2**-31 rounds up in the first step, and its half again in the second."""
    to = Requant(np.array([INT32_MAX], np.int32), np.array([-1], np.int32))
    assert arithmetic.requantize(array(1), to).tolist() == [1]
    assert rounded_up(Fraction(INT32_MAX, 2**32)) == 0


def test_requantize_has_its_channels_in_the_last_axis() -> None:
    to = Requant(np.array([2**30, 2**30], np.int32), np.array([1, 2], np.int32))
    assert arithmetic.requantize(np.full((2, 3, 2), 5, np.int64), to)[1, 2].tolist() == [5, 10]


@given(real=st.floats(2**-31, 2**29))
def test_a_multiplier_is_its_number_to_31_bits(real: float) -> None:
    multiplier, shift = quantize_multiplier(real)
    assert 2**30 <= multiplier <= INT32_MAX
    assert abs(Fraction(multiplier) * Fraction(2) ** (shift - 31) / Fraction(real) - 1) <= Fraction(1, 2**31)


@pytest.mark.parametrize(
    ("real", "expected"),
    [
        (0.0, (0, 0)),
        (1.0, (2**30, 1)),
        (0.5, (2**30, 0)),
        (1.0 - 2**-40, (2**30, 1)),  # rounds up to 2**31, which is halved
        (2.0**-32, (2**30, -31)),
        (2.0**-33, (0, 0)),
        (2.0**29, (2**30, 30)),
    ],
)
def test_multiplier_at_the_edges(real: float, expected: tuple[int, int]) -> None:
    assert quantize_multiplier(real) == expected


@pytest.mark.parametrize(
    ("low", "high", "scale", "zero_point", "expected"),
    [
        (-math.inf, math.inf, 0.1, 5, (-128, 127)),
        (0.0, math.inf, 0.1, 5, (5, 127)),
        (0.0, 6.0, 0.1, -128, (-128, -68)),
        (-1.0, 1.0, 0.4, 0, (-3, 3)),  # 2.5 rounds away from zero
        (0.0, 6.0, 1e-6, 0, (0, 127)),
        (-1.0, 1.0, 1e-6, 100, (-128, 127)),
    ],
)
def test_clamp_of_an_activation(
    low: float, high: float, scale: float, zero_point: int, expected: tuple[int, int]
) -> None:
    assert quantize_clamp(low, high, scale, zero_point) == expected
