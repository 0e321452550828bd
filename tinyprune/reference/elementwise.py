"""Operators of two inputs, element by element."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tinyprune.arithmetic import Int64, Requant, requantize
from tinyprune.ir import Add, Binary, Graph, Maximum, Minimum, Mul, Prelu, Sub, Tensor
from tinyprune.reference.broadcast import aligned
from tinyprune.reference.scales import UnrepresentableError, below_one, bounded

ADD_LEFT_SHIFT = 20  # TFLM add_common.cc: both inputs are raised by 20 bits before they are rescaled
DIFFERENCE_BITS = 8  # of an int8 value without its zero point, without the sign
PRODUCT_BITS = 16


@dataclass(frozen=True)
class Operands:
    input: Tensor
    other: Tensor
    output: Tensor


@dataclass(frozen=True)
class SumRequant:
    """Each input's and the output's multiplier: sum = (a << 20) * input + (b << 20) * other, then * output."""

    input: Requant
    other: Requant
    output: Requant


@dataclass(frozen=True)
class PreluRequant:
    """The multiplier of inputs >= 0, and that of products of an input below 0 and alpha."""

    positive: Requant
    negative: Requant


def operands(layer: Binary, graph: Graph) -> Operands:
    return Operands(*(graph.tensors[name] for name in (layer.input, layer.other, layer.output)))


def binary(layer: Binary, x: Int64, other: Int64, graph: Graph) -> Int64:
    """The output (n, ...) of `layer` for inputs (n, ...), broadcast against each other."""
    of = operands(layer, graph)
    rank = len(of.output.shape)
    a = aligned(x - of.input.zero_point, of.input.shape, rank)
    b = aligned(other - of.other.zero_point, of.other.shape, rank)
    return np.clip(ARITHMETIC[type(layer)](a, b, of) + of.output.zero_point, *layer.clamp)


def add_requant(of: Operands) -> SumRequant:
    """TFLM's `CalculateOpDataAdd`: rescale both inputs to twice the larger scale."""
    a, b, y = of.input.scale, of.other.scale, of.output.scale
    twice_max = 2.0 * max(a, b)
    output = below_one(twice_max / ((1 << ADD_LEFT_SHIFT) * y))
    return SumRequant(below_one(a / twice_max), below_one(b / twice_max), output)


def sub_requant(of: Operands) -> SumRequant:
    """TFLM's `CalculateOpDataSub`: as `add_requant`, but in single precision."""
    a, b, y = (np.float32(tensor.scale) for tensor in (of.input, of.other, of.output))
    twice_max = np.float32(2) * max(a, b)
    output = below_one(float(twice_max / (np.float32(1 << ADD_LEFT_SHIFT) * y)))
    return SumRequant(below_one(float(a / twice_max)), below_one(float(b / twice_max)), output)


def sum_requant(layer: Binary, of: Operands) -> tuple[SumRequant, int]:
    """That of an addition or a subtraction, and the sign of its second term."""
    return (add_requant(of), 1) if isinstance(layer, Add) else (sub_requant(of), -1)


def mul_requant(of: Operands) -> Requant:
    return bounded(of.input.scale * of.other.scale / of.output.scale, PRODUCT_BITS)


def prelu_requant(of: Operands) -> PreluRequant:
    """TFLM's `CalculatePreluParams`."""
    return PreluRequant(bounded(of.input.scale / of.output.scale, DIFFERENCE_BITS), mul_requant(of))


def same_quantization(of: Operands) -> None:
    """TFLM compares raw values: UnrepresentableError where they do not mean the same."""
    if not of.input.quant == of.other.quant == of.output.quant:
        raise UnrepresentableError("compares values of different scales or zero points, which TFLM does not rescale")


def _add(a: Int64, b: Int64, of: Operands) -> Int64:
    to = add_requant(of)
    scaled = requantize(a << ADD_LEFT_SHIFT, to.input) + requantize(b << ADD_LEFT_SHIFT, to.other)
    return requantize(scaled, to.output)


def _sub(a: Int64, b: Int64, of: Operands) -> Int64:
    """Not `_add` of -b: rounding is not symmetric."""
    to = sub_requant(of)
    scaled = requantize(a << ADD_LEFT_SHIFT, to.input) - requantize(b << ADD_LEFT_SHIFT, to.other)
    return requantize(scaled, to.output)


def _mul(a: Int64, b: Int64, of: Operands) -> Int64:
    return requantize(a * b, mul_requant(of))


def _prelu(a: Int64, b: Int64, of: Operands) -> Int64:
    to = prelu_requant(of)
    return np.where(a >= 0, requantize(a, to.positive), requantize(a * b, to.negative))


def _maximum(a: Int64, b: Int64, of: Operands) -> Int64:
    return np.maximum(a, b)


def _minimum(a: Int64, b: Int64, of: Operands) -> Int64:
    return np.minimum(a, b)


ARITHMETIC: dict[type[Binary], Callable[[Int64, Int64, Operands], Int64]] = {
    Add: _add,
    Sub: _sub,
    Mul: _mul,
    Maximum: _maximum,
    Minimum: _minimum,
    Prelu: _prelu,
}

# what raises UnrepresentableError for scales for which the arithmetic of an operator is not defined
SCALES: dict[type[Binary], Callable[[Operands], object]] = {
    Add: add_requant,
    Sub: sub_requant,
    Mul: mul_requant,
    Maximum: same_quantization,
    Minimum: same_quantization,
    Prelu: prelu_requant,
}
