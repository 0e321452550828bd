"""Softmax in gemmlowp fixed point, as TFLM's `reference_ops::Softmax` computes it for int8.

Qa.b below is an int32 with a integer and b fractional bits, a + b = 31.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tinyprune.arithmetic import (
    Int64,
    quantize_multiplier,
    rounding_divide_by_power_of_two,
    rounding_doubling_high_multiply,
)
from tinyprune.reference.fixed_point import exp_on_negative_values, input_radius, one_over_one_plus

DIFF_INTEGER_BITS = 5
SUM_INTEGER_BITS = 12


@dataclass(frozen=True)
class SoftmaxParameters:
    """Differences to the maximum below `diff_min` count as zero; the others are scaled to Q5.26."""

    multiplier: int
    shift: int
    diff_min: int


def parameters(beta: float, scale: float) -> SoftmaxParameters:
    """TFLite's `PreprocessSoftmaxScaling`."""
    real = min(beta * scale * 2 ** (31 - DIFF_INTEGER_BITS), 2.0**31 - 1.0)
    multiplier, shift = quantize_multiplier(real)
    return SoftmaxParameters(multiplier, shift, -input_radius(DIFF_INTEGER_BITS, shift))


def softmax(x: Int64, beta: float, scale: float) -> Int64:
    """int8 (n, ..., depth) to int8 with scale 1/256 and zero point -128."""
    p = parameters(beta, scale)
    diff = x - x.max(axis=-1, keepdims=True)
    counted = diff >= p.diff_min
    # a difference that does not count is replaced by 0, so that nothing overflows on the way
    scaled = rounding_doubling_high_multiply(np.where(counted, diff, 0) << p.shift, p.multiplier)
    exps = exp_on_negative_values(scaled, DIFF_INTEGER_BITS)
    total = np.where(counted, rounding_divide_by_power_of_two(exps, SUM_INTEGER_BITS), 0).sum(-1, keepdims=True)
    headroom = 32 - np.floor(np.log2(total)).astype(np.int64) - 1
    reciprocal = one_over_one_plus(((total << headroom) & 0xFFFFFFFF) - 2**31)
    bits_over_unit = SUM_INTEGER_BITS - headroom
    product = rounding_doubling_high_multiply(reciprocal, exps)
    unsaturated = rounding_divide_by_power_of_two(product, bits_over_unit + 31 - 8) - 128
    return np.where(counted, np.clip(unsaturated, -128, 127), -128)
