"""Softmax in gemmlowp fixed point, as TFLM's `reference_ops::Softmax` computes it for int8.

Qa.b below is an int32 with a integer and b fractional bits, a + b = 31.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tinyprune.arithmetic import (
    Int64,
    quantize_multiplier,
    rounding_divide_by_power_of_two,
    rounding_doubling_high_multiply,
)

DIFF_INTEGER_BITS = 5
SUM_INTEGER_BITS = 12
ONE = 2**31 - 1  # 1.0 in Q0.31, saturated
EXP_MINUS_1_8 = 1895147668  # exp(-1/8) in Q0.31
ONE_THIRD = 715827883
# (bit of the Q5.26 argument, exp(-2**(bit - 26)) in Q0.31)
EXP_OF_BIT = (
    (24, 1672461947),
    (25, 1302514674),
    (26, 790015084),
    (27, 290630308),
    (28, 39332535),
    (29, 720401),
    (30, 242),
)


@dataclass(frozen=True)
class SoftmaxParameters:
    """Differences to the maximum below `diff_min` count as zero; the others are scaled to Q5.26."""

    multiplier: int
    shift: int
    diff_min: int


def parameters(beta: float, scale: float) -> SoftmaxParameters:
    """TFLite's `PreprocessSoftmaxScaling` and `CalculateInputRadius`."""
    real = min(beta * scale * 2 ** (31 - DIFF_INTEGER_BITS), 2.0**31 - 1.0)
    multiplier, shift = quantize_multiplier(real)
    radius = ((1 << DIFF_INTEGER_BITS) - 1) * 2 ** (31 - DIFF_INTEGER_BITS) / 2**shift
    return SoftmaxParameters(multiplier, shift, -math.floor(radius))


def softmax(x: Int64, beta: float, scale: float) -> Int64:
    """int8 (n, ..., depth) to int8 with scale 1/256 and zero point -128."""
    p = parameters(beta, scale)
    diff = x - x.max(axis=-1, keepdims=True)
    counted = diff >= p.diff_min
    # a difference that does not count is replaced by 0, so that nothing overflows on the way
    scaled = rounding_doubling_high_multiply(np.where(counted, diff, 0) << p.shift, p.multiplier)
    exps = _exp_on_negative_values(scaled)
    total = np.where(counted, rounding_divide_by_power_of_two(exps, SUM_INTEGER_BITS), 0).sum(-1, keepdims=True)
    headroom = 32 - np.floor(np.log2(total)).astype(np.int64) - 1
    reciprocal = _one_over_one_plus(((total << headroom) & 0xFFFFFFFF) - 2**31)
    bits_over_unit = SUM_INTEGER_BITS - headroom
    product = rounding_doubling_high_multiply(reciprocal, exps)
    unsaturated = rounding_divide_by_power_of_two(product, bits_over_unit + 31 - 8) - 128
    return np.where(counted, np.clip(unsaturated, -128, 127), -128)


def _exp_on_negative_values(a: Int64) -> Int64:
    """exp(a) in Q0.31 for a <= 0 in Q5.26: a polynomial for the part in (-1/4, 0], a table for the bits above."""
    quarter = 1 << 24
    fraction = (a & (quarter - 1)) - quarter
    result = _exp_between_minus_quarter_and_0(fraction << DIFF_INTEGER_BITS)
    remainder = fraction - a
    for bit, factor in EXP_OF_BIT:
        result = np.where(remainder & (1 << bit), rounding_doubling_high_multiply(result, factor), result)
    return np.where(a == 0, ONE, result)


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


def _one_over_one_plus(a: Int64) -> Int64:
    """1 / (1 + a) in Q0.31 for a in [0, 1) in Q0.31: three Newton-Raphson steps in Q2.29."""
    multiply = rounding_doubling_high_multiply
    half_denominator = (a + ONE + 1) >> 1  # a rounding half sum; both terms are >= 0
    x = 1515870810 + multiply(half_denominator, -1010580540)  # 48/17 - 32/17 * denominator / 2
    for _ in range(3):
        error = (1 << 29) - multiply(half_denominator, x)
        x = x + _saturate(multiply(x, error) << 2)
    return _saturate(x << 1)


def _saturate(value: Int64) -> Int64:
    return np.clip(value, -(2**31), 2**31 - 1)
