"""Tables of unary int8 operators: what TFLM computes for each of the 256 inputs, in its own integer arithmetic.

A table is int8 (256,), indexed by input + 128. Each function raises UnrepresentableError for scales for which TFLM
itself has no defined result.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from tinyprune.arithmetic import Int64, Requant, quantize_multiplier, requantize, rounding_divide_by_power_of_two
from tinyprune.ir import Clamp, Int8, Quant
from tinyprune.reference import fixed_point
from tinyprune.reference.scales import UnrepresentableError, bounded

INPUTS: Int64 = np.arange(-128, 128, dtype=np.int64)
INTEGER_BITS = 4  # of the argument of LOGISTIC and TANH
DIFFERENCE_BITS = 8  # of an int8 value without its zero point, without the sign
MAX_RIGHT_SHIFT = 15  # of the 16-bit arithmetic of HARD_SWISH
WHOLE: Clamp = (-128, 127)


def clamp_of(table: Int8) -> Clamp | None:
    """The clamp that `table` is, if it is one and nothing else."""
    low, high = int(table.min()), int(table.max())
    return (low, high) if np.array_equal(table, np.clip(INPUTS, low, high)) else None


def logistic(source: Quant, target: Quant) -> Int8:
    """TFLM's LOGISTIC, whose output has zero point -128; TFLM takes the output scale to be 1/256."""
    if target.zero_point != -128 or target.scale != (1 / 256,):
        raise UnrepresentableError(_output_problem(target, "1/256 and -128"))
    inside, argument, beyond = _argument(source)
    value = rounding_divide_by_power_of_two(fixed_point.logistic(argument, INTEGER_BITS), 31 - 8) - 128
    return _int8(np.where(inside, value, beyond))


def tanh(source: Quant, target: Quant) -> Int8:
    """TFLM's TANH; it takes the output scale to be 1/128 and the zero point to be 0."""
    if target.zero_point != 0 or target.scale != (1 / 128,):
        raise UnrepresentableError(_output_problem(target, "1/128 and 0"))
    inside, argument, beyond = _argument(source)
    value = rounding_divide_by_power_of_two(fixed_point.tanh(argument, INTEGER_BITS), 31 - 7)
    return _int8(np.where(inside, value, beyond))


def _output_problem(target: Quant, expected: str) -> str:
    return f"has output scale {target.scale[0]:g} and zero point {target.zero_point}, not {expected}"


def _argument(source: Quant) -> tuple[NDArray[np.bool_], Int64, Int64]:
    """Where inputs are inside the range of Q4.27, their values there, and the output for those outside."""
    real = source.scale[0] * 2.0 ** (31 - INTEGER_BITS)
    fraction, shift = math.frexp(real)
    if not 0 <= shift <= 62:  # TFLM shifts a 64-bit one by it
        raise UnrepresentableError(f"has input scale {source.scale[0]:g}, outside what TFLM computes")
    radius = fixed_point.input_radius(INTEGER_BITS, shift)
    difference = INPUTS - source.zero_point
    inside = np.abs(difference) < radius
    multiplier = Requant(np.array([round(fraction * 2**31)], np.int32), np.array([min(shift, 30)], np.int32))
    argument = requantize(np.where(inside, difference, 0), multiplier)
    # the order of TFLM's comparisons: with a radius of 0, an input of 0 counts as below
    return inside, argument, np.where(difference <= -radius, -128, 127)


def relu(source: Quant, target: Quant) -> Int8:
    values = rescaled(INPUTS - source.zero_point, _float32_ratio(source, target), target)
    return _int8(np.maximum(values, target.zero_point))


def relu6(source: Quant, target: Quant) -> Int8:
    """TFLM clamps raw values: it does not rescale."""
    if source != target:
        raise UnrepresentableError("changes the scale or zero point, which TFLM ignores")
    six = float(np.float32(6) / np.float32(source.scale[0]))
    high = math.floor(six + 0.5) + source.zero_point
    return _int8(np.clip(INPUTS, source.zero_point, min(high, 127)))


def leaky_relu(source: Quant, target: Quant, alpha: float) -> Int8:
    """`alpha` is a float32 and may be negative."""
    difference = INPUTS - source.zero_point
    ratio = np.float32(source.scale[0]) * np.float32(alpha) / np.float32(target.scale[0])
    slope = rescaled(difference, abs(float(ratio)), target) - target.zero_point
    below = target.zero_point + (slope if ratio >= 0 else -slope)
    return _int8(np.where(difference >= 0, rescaled(difference, _float32_ratio(source, target), target), below))


def quantize(source: Quant, target: Quant) -> Int8:
    """From one scale and zero point to another."""
    return _int8(rescaled(INPUTS - source.zero_point, source.scale[0] / target.scale[0], target))


def rescaled(difference: Int64, real: float, target: Quant) -> Int64:
    """`difference`, values without zero point, times `real`, with the zero point of `target`."""
    return requantize(difference, bounded(real, DIFFERENCE_BITS)) + target.zero_point


def hard_swish(source: Quant, target: Quant) -> Int8:
    """x * relu6(x + 3) / 6 in 16-bit fixed point: TFLM's reference/hard_swish.h."""
    fine = np.float32(source.scale[0]) * np.float32(1 / 128)
    output_multiplier, output_exponent = _multiplier_16(float(fine / np.float32(target.scale[0])))
    relu_multiplier, relu_exponent = _multiplier_16(float(fine / np.float32(3 / 32768)))
    if not -MAX_RIGHT_SHIFT <= output_exponent <= 0 or relu_exponent < -MAX_RIGHT_SHIFT:
        raise UnrepresentableError(
            f"has scales {source.scale[0]:g} and {target.scale[0]:g}, outside what TFLM computes"
        )
    raised = (INPUTS - source.zero_point) << 7
    relu = _relu_part(raised, relu_multiplier, relu_exponent)
    product = relu * _high_multiply_16(raised, output_multiplier)
    halved = np.sign(product) * (np.abs(product) >> 15)  # truncated, to cancel the bias of the roundings before
    return _int8(rounding_divide_by_power_of_two(halved, -output_exponent) + target.zero_point)


def _relu_part(raised: Int64, multiplier: int, exponent: int) -> Int64:
    """relu6(x + 3) / 6 in Q0.15: x is scaled so that 3 is 2**15, saturated, then shifted to [0, 1]."""
    value = _saturate_16(raised << max(exponent - 1, 0))
    value = _high_multiply_16(value, multiplier)
    value = _saturate_16(value << min(max(exponent, 0), 1))
    return (rounding_divide_by_power_of_two(value, max(-exponent, 0)) + (1 << 15)) >> 1


def _multiplier_16(real: float) -> tuple[int, int]:
    """TFLite's `QuantizeMultiplier` and `DownScaleInt32ToInt16Multiplier`."""
    multiplier, exponent = quantize_multiplier(real)
    return min((multiplier + (1 << 15)) >> 16, 2**15 - 1), exponent


def _high_multiply_16(a: Int64, b: int) -> Int64:
    """round(a * b / 2**15), ties upwards: gemmlowp's `SaturatingRoundingDoublingHighMul` of 16 bits."""
    return (a * b + (1 << 14)) >> 15


def _saturate_16(value: Int64) -> Int64:
    return np.clip(value, -(2**15), 2**15 - 1)


def _float32_ratio(source: Quant, target: Quant) -> float:
    """TFLM divides these scales in single precision."""
    return float(np.float32(source.scale[0]) / np.float32(target.scale[0]))


def _int8(values: Int64) -> Int8:
    return np.clip(values, *WHOLE).astype(np.int8)
