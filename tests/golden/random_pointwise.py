"""Generators of the operators that work value by value, of one input or of two, and of SOFTMAX."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from random_sketch import SPREAD, Generator, Shape, Sketch, Value
from random_weighted import weighted

MAX_AXES = 4  # of operands that are broadcast, in TFLM


def partner(sketch: Sketch, x: Value, *, alike: bool) -> Value:
    """What `x` meets: a constant, an earlier activation, or itself; `alike`, of its quantization."""
    if sketch.chance(0.4):
        shape = tuple(size if sketch.chance(0.6) else 1 for size in x.shape)[sketch.number(0, len(x.shape)) :]
        return sketch.operand(shape, x if alike else Value(0, (), x.scale * sketch.power(-2, 2), sketch.zero_point()))
    fitting = [value for value in sketch.values if broadcasts(value.shape, x.shape)]
    fitting = [value for value in fitting if value.means_the_same(x) or not alike]
    return fitting[-1] if sketch.chance(0.5) else fitting[sketch.number(0, len(fitting) - 1)]


def broadcasts(shape: Shape, to: Shape) -> bool:
    pairs = zip(shape[::-1], to[::-1], strict=False)
    return len(shape) <= len(to) and all(size in (1, wanted) for size, wanted in pairs)


def binary(sketch: Sketch, name: str, x: Value, other: Value, y: Value, *, fused: bool, ordered: bool = False) -> None:
    operands = [x.index, other.index] if ordered or sketch.chance(0.5) else [other.index, x.index]
    options = {"FusedActivationFunction": sketch.activation(y.zero_point)} if fused else {}
    sketch.writer.operator(name, operands, [y.index], **options)


def sum_of(name: str) -> Callable[[Sketch, Value], None]:
    """ADD or SUB; of an image now and then with a 1 x 1 convolution of it: a residual."""

    def make(sketch: Sketch, x: Value) -> None:
        if len(x.shape) == 4 and sketch.chance(0.3):
            residual(sketch, x)
        other = partner(sketch, x, alike=False)
        extreme = sketch.power(-4, 4) if sketch.chance(0.1) else 1
        scale = math.hypot(x.scale, other.scale) * sketch.power(-1, 1) * extreme
        centered = name == "SUB" and sketch.chance(0.6)  # differences of values on one side lie on both
        y = sketch.value(x.shape, scale, sketch.number(-40, 40) if centered else sketch.zero_point_near(x))
        binary(sketch, name, x, other, y, fused=True)

    return make


def residual(sketch: Sketch, x: Value) -> None:
    channels = x.shape[3]
    y = sketch.value(x.shape)
    operands = weighted(sketch, x, y, (channels, 1, 1, channels), 0, channels)
    sketch.writer.operator("CONV_2D", [x.index, *operands], [y.index], StrideH=1, StrideW=1)


def mul(sketch: Sketch, x: Value) -> None:
    other = partner(sketch, x, alike=False)
    scale = x.scale * other.scale * x.rms * other.rms / SPREAD
    same_side = x.zero_point * other.zero_point > 0
    likely = sketch.number(-128, 0) if same_side else sketch.number(0, 127)
    y = sketch.value(x.shape, scale * sketch.power(-1.5, 1), likely if sketch.chance(0.6) else None)
    binary(sketch, "MUL", x, other, y, fused=True)


def extreme_of(name: str) -> Callable[[Sketch, Value], None]:
    """MAXIMUM or MINIMUM."""

    def make(sketch: Sketch, x: Value) -> None:
        other = partner(sketch, x, alike=True)
        binary(sketch, name, x, other, sketch.like(x.shape, x), fused=False)

    return make


def prelu(sketch: Sketch, x: Value) -> None:
    alpha = partner(sketch, x, alike=False)
    y = sketch.value(x.shape, x.scale * max(1.0, 64 * alpha.scale) * sketch.power(-1, 1), sketch.zero_point_near(x))
    binary(sketch, "PRELU", x, alpha, y, fused=False, ordered=True)


def into(name: str, scale: float, zero_point: int) -> Callable[[Sketch, Value], None]:
    """An operator whose output has one quantization."""

    def make(sketch: Sketch, x: Value) -> None:
        sketch.writer.operator(name, [x.index], [sketch.value(x.shape, scale, zero_point).index])

    return make


def rescaling(name: str) -> Callable[[Sketch, Value], None]:
    """An operator of any input and output scale within its bounds."""

    def make(sketch: Sketch, x: Value) -> None:
        ratio = sketch.pick((0, 1)) or sketch.power(-2, 2) * (sketch.power(-2, 3) if sketch.chance(0.1) else 1)
        one_sided = name in ("RELU", "HARD_SWISH")
        zero_point = sketch.low_zero_point() if one_sided else sketch.zero_point_near(x)
        y = sketch.value(x.shape, x.scale * ratio, zero_point)
        options = {"Alpha": float(np.float32(sketch.random.uniform(-0.5, 1.5)))} if name == "LEAKY_RELU" else {}
        sketch.writer.operator(name, [x.index], [y.index], **options)

    return make


def relu6(sketch: Sketch, x: Value) -> None:
    sketch.writer.operator("RELU6", [x.index], [sketch.like(x.shape, x).index])


def softmax(sketch: Sketch, x: Value) -> None:
    y = sketch.value(x.shape, 1 / 256, -128)
    sketch.writer.operator("SOFTMAX", [x.index], [y.index], Beta=float(sketch.pick((1, 1, 2))) / sketch.pick((1, 3)))


def broadcastable(shape: Shape) -> bool:
    return len(shape) <= MAX_AXES


POINTWISE = {
    "ADD": Generator(sum_of("ADD"), broadcastable, 1.5),
    "SUB": Generator(sum_of("SUB"), broadcastable),
    "MUL": Generator(mul, broadcastable),
    "MAXIMUM": Generator(extreme_of("MAXIMUM"), broadcastable),
    "MINIMUM": Generator(extreme_of("MINIMUM"), broadcastable),
    "PRELU": Generator(prelu, broadcastable),
    "LOGISTIC": Generator(into("LOGISTIC", 1 / 256, -128), weight=0.6),
    "TANH": Generator(into("TANH", 1 / 128, 0), weight=0.6),
    "RELU": Generator(rescaling("RELU"), weight=0.7),
    "RELU6": Generator(relu6, weight=0.6),
    "LEAKY_RELU": Generator(rescaling("LEAKY_RELU")),
    "HARD_SWISH": Generator(rescaling("HARD_SWISH")),
    "QUANTIZE": Generator(rescaling("QUANTIZE")),
    "SOFTMAX": Generator(softmax, weight=0.5),
}
