"""One generator an operator: it adds the operator, with random options, shapes and values, to a `Sketch`.

Scales are such that most outputs spread over the int8 range without saturating.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from random_sketch import Sketch, Value

SAME, VALID = 0, 1
CHANNELS = (1, 1, 2, 3, 4, 5, 7, 8, 13, 16, 17)
FEATURES = (1, 2, 5, 10, 16, 31, 64)
SPREAD = 40.0  # the standard deviation, in steps of its scale, that most outputs are given


@dataclass(frozen=True)
class Slide:
    """How a window slides: its size, the size of the output, and the options that say so."""

    size: tuple[int, int]
    output: tuple[int, int]
    options: dict[str, int]


def slide(sketch: Sketch, x: Value, *, dilates: bool) -> Slide:
    padding = sketch.pick((SAME, VALID))
    sizes, outputs, strides, dilations = list[int](), list[int](), list[int](), list[int]()
    for length in x.shape[1:3]:
        dilation = sketch.number(2, 3) if dilates and sketch.chance(0.2) else 1
        fitting = (length - 1) // dilation + 1 if padding == VALID else 5
        size, stride = sketch.number(1, min(5, fitting)), sketch.pick((1, 1, 1, 2, 2, 3))
        free = length - (size - 1) * dilation - 1 if padding == VALID else length - 1
        sizes.append(size)
        outputs.append(free // stride + 1)
        strides.append(stride)
        dilations.append(dilation)
    options = {"Padding": padding, "StrideH": strides[0], "StrideW": strides[1]}
    if dilates:
        options |= {"DilationHFactor": dilations[0], "DilationWFactor": dilations[1]}
    return Slide((sizes[0], sizes[1]), (outputs[0], outputs[1]), options)


def weighted(sketch: Sketch, x: Value, y: Value, shape: tuple[int, ...], axis: int, fan_in: int) -> list[int]:
    """The inputs of an operator with weights of `shape`, its output channels on `axis`: x, weights, bias or none.

    Some channels are all zero; such ones have, in published models, absurd scales and biases near 2**30.
    """
    channels = shape[axis]
    weights = random_weights(sketch, shape)
    spread = math.sqrt(fan_in) * max(float(weights.std()), 1.0) * x.rms
    per_channel = sketch.chance(0.7)
    scales = np.full(channels if per_channel else 1, SPREAD * y.scale / (x.scale * spread))
    scales *= 2.0 ** sketch.random.uniform(-1.5, 1, scales.size)
    if sketch.chance(0.05):
        scales *= sketch.power(-40, 4)
    bias = np.rint(sketch.random.normal(0, spread / 2, channels))
    if sketch.chance(0.3):
        dead = sketch.random.random(channels) < (0.4 if channels > 1 else 0.1)
        np.moveaxis(weights, axis, 0)[dead] = 0
        if per_channel:
            scales[dead] = sketch.power(-40, -10)
            bias[dead] = sketch.random.integers(-(2**30), 2**30)
    scales = scales.astype(np.float32)
    w = sketch.constant(shape, "INT8", weights, scales, axis)
    if sketch.chance(0.25):
        # TFLM's depthwise convolution crashes on a bias that is there but left out (-1)
        return [x.index, w, *([-1] if axis == 0 and sketch.chance(0.5) else [])]
    return [x.index, w, sketch.constant((channels,), "INT32", bias, scales * np.float32(x.scale), 0)]


def random_weights(sketch: Sketch, shape: tuple[int, ...]) -> NDArray[np.int64]:
    reach = sketch.pick((127, 127, 127, 2))
    weights = sketch.random.integers(-reach, reach + 1, shape)
    if sketch.chance(0.4):
        weights[sketch.random.random(shape) < sketch.random.random()] = 0
    return weights


# the generators: each adds one operator that reads `x`, and what that operator needs beside it


def conv_2d(sketch: Sketch, x: Value) -> None:
    way, channels = slide(sketch, x, dilates=True), sketch.pick(CHANNELS)
    y = sketch.value((1, *way.output, channels))
    inputs = weighted(sketch, x, y, (channels, *way.size, x.shape[3]), 0, math.prod(way.size) * x.shape[3])
    sketch.writer.operator(
        "CONV_2D", inputs, [y.index], **way.options, FusedActivationFunction=sketch.activation(y.zero_point)
    )


def depthwise_conv_2d(sketch: Sketch, x: Value) -> None:
    way, multiplier = slide(sketch, x, dilates=True), sketch.pick((1, 1, 1, 2, 3))
    channels = x.shape[3] * multiplier
    y = sketch.value((1, *way.output, channels))
    inputs = weighted(sketch, x, y, (1, *way.size, channels), 3, math.prod(way.size))
    options = way.options | {"DepthMultiplier": multiplier, "FusedActivationFunction": sketch.activation(y.zero_point)}
    sketch.writer.operator("DEPTHWISE_CONV_2D", inputs, [y.index], **options)


def fully_connected(sketch: Sketch, x: Value) -> None:
    """Over all values, or over the last axis alone."""
    keeps = len(x.shape) > 2 and sketch.chance(0.3)
    fan_in, features = (x.shape[-1] if keeps else x.size), sketch.pick(FEATURES)
    y = sketch.value((*x.shape[:-1], features) if keeps else (1, features))
    inputs = weighted(sketch, x, y, (features, fan_in), 0, fan_in)
    options = {"KeepNumDims": keeps, "FusedActivationFunction": sketch.activation(y.zero_point)}
    sketch.writer.operator("FULLY_CONNECTED", inputs, [y.index], **options)


def add(sketch: Sketch, x: Value) -> None:
    """With any activation of the same shape, x itself among them; or with a 1 x 1 convolution of x: a residual."""
    if len(x.shape) == 4 and sketch.chance(0.5):
        residual(sketch, x)
    partners = [value for value in sketch.values if value.shape == x.shape]
    other = partners[-1] if sketch.chance(0.5) else partners[sketch.number(0, len(partners) - 1)]
    scale = math.hypot(x.scale, other.scale) * sketch.power(-1, 1) * (sketch.power(-4, 4) if sketch.chance(0.1) else 1)
    y = sketch.value(x.shape, scale)
    operands = [x.index, other.index] if sketch.chance(0.5) else [other.index, x.index]
    sketch.writer.operator("ADD", operands, [y.index], FusedActivationFunction=sketch.activation(y.zero_point))


def residual(sketch: Sketch, x: Value) -> None:
    channels = x.shape[3]
    y = sketch.value(x.shape)
    inputs = weighted(sketch, x, y, (channels, 1, 1, channels), 0, channels)
    sketch.writer.operator("CONV_2D", inputs, [y.index], StrideH=1, StrideW=1)


def max_pool_2d(sketch: Sketch, x: Value) -> None:
    pool(sketch, x, "MAX_POOL_2D")


def average_pool_2d(sketch: Sketch, x: Value) -> None:
    pool(sketch, x, "AVERAGE_POOL_2D")


def pool(sketch: Sketch, x: Value, name: str) -> None:
    way = slide(sketch, x, dilates=False)
    y = sketch.like((1, *way.output, x.shape[3]), x)
    sizes = {"FilterHeight": way.size[0], "FilterWidth": way.size[1]}
    activation = sketch.activation(y.zero_point)
    sketch.writer.operator(name, [x.index], [y.index], **way.options, **sizes, FusedActivationFunction=activation)


def mean(sketch: Sketch, x: Value) -> None:
    axes = ((1, 2), (2, 1), (-3, -2))[sketch.number(0, 2)]
    keeps = sketch.chance(0.5)
    y = sketch.value((1, 1, 1, x.shape[3]) if keeps else (1, x.shape[3]), x.scale * sketch.power(-3, 1))
    sketch.writer.operator("MEAN", [x.index, sketch.ints(axes)], [y.index], KeepDims=keeps)


def reshape(sketch: Sketch, x: Value) -> None:
    divisors = [d for d in range(1, x.size + 1) if x.size % d == 0]
    height = sketch.pick(divisors)
    width = sketch.pick([d for d in divisors if x.size // height % d == 0])
    shape = (1, x.size) if sketch.chance(0.3) else (1, height, width, x.size // height // width)
    y = sketch.like(shape, x)
    sketch.writer.operator("RESHAPE", [x.index, sketch.ints(shape)], [y.index], NewShape=shape)


def softmax(sketch: Sketch, x: Value) -> None:
    y = sketch.value(x.shape, 1 / 256, -128)
    sketch.writer.operator("SOFTMAX", [x.index], [y.index], Beta=float(sketch.pick((1, 1, 2))) / sketch.pick((1, 3)))


def any_shape(_: Value) -> bool:
    return True


def image(x: Value) -> bool:
    return len(x.shape) == 4


@dataclass(frozen=True)
class Generator:
    """Adds an operator that reads an activation which it accepts; drawn in proportion to `weight`."""

    add: Callable[[Sketch, Value], None]
    accepts: Callable[[Value], bool] = any_shape
    weight: float = 1.0


GENERATORS = {
    "CONV_2D": Generator(conv_2d, image, 3),
    "DEPTHWISE_CONV_2D": Generator(depthwise_conv_2d, image, 2),
    "FULLY_CONNECTED": Generator(fully_connected, weight=0.7),
    "ADD": Generator(add, weight=1.5),
    "MAX_POOL_2D": Generator(max_pool_2d, image),
    "AVERAGE_POOL_2D": Generator(average_pool_2d, image),
    "MEAN": Generator(mean, image, 0.4),
    "RESHAPE": Generator(reshape, weight=0.5),
    "SOFTMAX": Generator(softmax, weight=0.2),
}
