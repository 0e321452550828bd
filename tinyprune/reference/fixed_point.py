"""Exponential, logistic function and hyperbolic tangent in gemmlowp fixed point (fixedpoint.h), bit by bit.

Qa.b is an int32 with a integer and b fractional bits, a + b = 31; arrays are int64, so that no step can overflow.
"""

from __future__ import annotations

import math

import numpy as np

from tinyprune.arithmetic import Int64, rounding_divide_by_power_of_two, rounding_doubling_high_multiply

ONE = 2**31 - 1  # 1.0 in Q0.31, saturated
HALF = 2**30  # 0.5 in Q0.31, and 2.0 in Q2.29
EXP_MINUS_1_8 = 1895147668  # exp(-1/8) in Q0.31
ONE_THIRD = 715827883
# (exponent, exp(-2**exponent) in Q0.31)
EXP_OF_POWER = (
    (-2, 1672461947),
    (-1, 1302514674),
    (0, 790015084),
    (1, 290630308),
    (2, 39332535),
    (3, 720401),
    (4, 242),
)


def input_radius(integer_bits: int, left_shift: int) -> int:
    """The largest input that stays below 2**integer_bits when it is raised: TFLite's `CalculateInputRadius`."""
    return math.floor(((1 << integer_bits) - 1) * 2 ** (31 - integer_bits) / 2**left_shift)


def exp_on_negative_values(a: Int64, integer_bits: int) -> Int64:
    """exp(a) in Q0.31 for a <= 0 with at most 5 integer bits.

    A polynomial for the part in [-1/4, 0), and one factor for each bit above it.
    """
    fractional_bits = 31 - integer_bits
    quarter = 1 << (fractional_bits - 2)
    fraction = (a & (quarter - 1)) - quarter
    result = _exp_between_minus_quarter_and_0(fraction << integer_bits)
    remainder = fraction - a
    for exponent, factor in EXP_OF_POWER:
        if exponent < integer_bits:
            bit = 1 << (fractional_bits + exponent)
            result = np.where(remainder & bit, rounding_doubling_high_multiply(result, factor), result)
    return np.where(a == 0, ONE, result)


def logistic(a: Int64, integer_bits: int) -> Int64:
    """1 / (1 + exp(-a)) in Q0.31."""
    of_magnitude = one_over_one_plus(exp_on_negative_values(-np.abs(a), integer_bits))
    return np.where(a == 0, HALF, np.where(a > 0, of_magnitude, ONE - of_magnitude))


def tanh(a: Int64, integer_bits: int) -> Int64:
    """tanh(a) in Q0.31, from exp(-2|a|): doubling is one integer bit more for the same bits."""
    of_magnitude = _one_minus_over_one_plus(exp_on_negative_values(-np.abs(a), integer_bits + 1))
    return np.sign(a) * of_magnitude


def one_over_one_plus(a: Int64) -> Int64:
    """1 / (1 + a) in Q0.31 for a in [0, 1) in Q0.31."""
    return _saturate(_twice_reciprocal(a) << 1)


def _one_minus_over_one_plus(a: Int64) -> Int64:
    """(1 - a) / (1 + a) = 2 / (1 + a) - 1 in Q0.31 for a in [0, 1) in Q0.31."""
    return _saturate((_twice_reciprocal(a) - (1 << 29)) << 2)


def _twice_reciprocal(a: Int64) -> Int64:
    """2 / (1 + a) in Q2.29 for a in [0, 1) in Q0.31: three Newton-Raphson steps."""
    multiply = rounding_doubling_high_multiply
    half_denominator = (a + ONE + 1) >> 1  # a rounding half sum; both terms are >= 0
    x = 1515870810 + multiply(half_denominator, -1010580540)  # 48/17 - 32/17 * denominator / 2
    for _ in range(3):
        error = (1 << 29) - multiply(half_denominator, x)
        x = x + _saturate(multiply(x, error) << 2)
    return x


def _exp_between_minus_quarter_and_0(a: Int64) -> Int64:
    """A Taylor expansion around -1/8, in Q0.31."""
    multiply = rounding_doubling_high_multiply
    x = a + (1 << 28)
    x2 = multiply(x, x)
    x3, x4 = multiply(x2, x), multiply(x2, x2)
    x4_over_4 = rounding_divide_by_power_of_two(x4, 2)
    tail = rounding_divide_by_power_of_two(multiply(x4_over_4 + x3, ONE_THIRD) + x2, 1)
    constant = np.int64(EXP_MINUS_1_8)
    return constant + multiply(x + tail, EXP_MINUS_1_8)


def _saturate(value: Int64) -> Int64:
    return np.clip(value, -(2**31), 2**31 - 1)
