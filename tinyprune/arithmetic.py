"""Fixed-point requantization: multiplier and shift, and the ONE rounding rule.

The rule is TensorFlow Lite for Microcontrollers' (gemmlowp "double rounding"); `tp_requantize.h` is its twin in C. All
functions work on int64 arrays that hold int32 values, so no step can overflow.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tinyprune.ir import Clamp, Int32

Int64 = NDArray[np.int64]

INT32_MAX = 2**31 - 1


@dataclass(frozen=True, eq=False)
class Requant:
    """real multiplier = multiplier * 2**(shift - 31); one entry, or one an output channel, shape (channels,)."""

    multiplier: Int32
    shift: Int32


def quantize_multiplier(real: float) -> tuple[int, int]:
    """(multiplier, shift) with real = multiplier * 2**(shift - 31) and multiplier in [2**30, 2**31), or (0, 0).

    TFLite's `QuantizeMultiplier` (kernels/internal/quantization_util.cc), the flush of tiny values to zero included.
    """
    if real == 0.0:
        return 0, 0
    fraction, shift = math.frexp(real)
    multiplier = math.floor(fraction * 2**31 + 0.5)
    if multiplier == 2**31:
        multiplier, shift = multiplier // 2, shift + 1
    if shift < -31:
        return 0, 0
    if shift > 30:
        return INT32_MAX, 30
    return multiplier, shift


def requant(reals: Iterable[float]) -> Requant:
    pairs = np.array([quantize_multiplier(real) for real in reals], np.int32).reshape(-1, 2)
    return Requant(pairs[:, 0].copy(), pairs[:, 1].copy())


def rounding_doubling_high_multiply(a: Int64, b: Int64 | int) -> Int64:
    """round(a * b / 2**31), ties towards +infinity, saturated: gemmlowp's `SaturatingRoundingDoublingHighMul`."""
    product = a * np.int64(b) if isinstance(b, int) else a * b
    nudged = product + np.where(product >= 0, 1 << 30, 1 - (1 << 30))
    high = np.where(nudged >= 0, nudged >> 31, -((-nudged) >> 31))
    return np.minimum(high, INT32_MAX)


def rounding_divide_by_power_of_two(a: Int64, exponent: Int64 | int) -> Int64:
    """round(a / 2**exponent), ties away from zero: gemmlowp's `RoundingDivideByPOT`."""
    exponent = np.asarray(exponent, np.int64)
    mask = (np.int64(1) << exponent) - 1
    return (a >> exponent) + ((a & mask) > (mask >> 1) + (a < 0))


def requantize(acc: Int64, to: Requant) -> Int64:
    """TFLM's `MultiplyByQuantizedMultiplier`; channels along the last axis of `acc`."""
    multiplier, shift = to.multiplier.astype(np.int64), to.shift.astype(np.int64)
    scaled = rounding_doubling_high_multiply(_int32(acc << np.maximum(shift, 0)), multiplier)
    return rounding_divide_by_power_of_two(scaled, np.maximum(-shift, 0))


def can_overflow(worst: Int64, to: Requant) -> bool:
    """Whether accumulators up to +-`worst` may leave int32 when they are raised, or when a zero point is added."""
    raised = worst * 2.0 ** np.maximum(to.shift, 0)
    scaled = worst * to.multiplier * 2.0 ** (to.shift - 31.0) + 1 + 128  # rounded up, less the lowest zero point
    return float(np.maximum(raised, scaled).max()) > INT32_MAX


def requantize_rounding_once(acc: Int64, to: Requant) -> Int64:
    """What `requantize` becomes where TFLM and CMSIS-NN are built with single rounding (TFLITE_SINGLE_ROUNDING).

    Nothing computes with it: passes use it to prove that what they do holds under both rules.
    """
    down = 31 - to.shift.astype(np.int64)
    return (acc * to.multiplier.astype(np.int64) + (np.int64(1) << (down - 1))) >> down


def _int32(value: Int64) -> Int64:
    """Wraps to 32 bits, as the left shift in C does."""
    return value.astype(np.int32).astype(np.int64)


def quantize_clamp(low: float, high: float, scale: float, zero_point: int) -> Clamp:
    """The int8 range of an activation that keeps real values in [low, high]; either may be infinite.

    TFLite's `CalculateActivationRangeQuantized`: float32 division, rounded half away from zero.
    """
    return _quantized_bound(low, scale, zero_point, -128), _quantized_bound(high, scale, zero_point, 127)


def _quantized_bound(real: float, scale: float, zero_point: int, unbounded: int) -> int:
    if math.isinf(real):
        return unbounded
    quotient = float(np.float32(real) / np.float32(scale))
    rounded = math.floor(abs(quotient) + 0.5) * (1 if quotient >= 0 else -1)
    return max(-128, min(127, zero_point + rounded))
