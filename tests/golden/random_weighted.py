"""Generators of the operators that multiply by weights, or matrices with each other."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from random_sketch import SAME, SPREAD, VALID, Generator, Shape, Sketch, Value, image

CHANNELS = (1, 1, 2, 3, 4, 5, 7, 8, 13, 16, 17)
FEATURES = (1, 2, 5, 10, 16, 31, 64)
MOST_GROWN = 2000  # elements of what is made larger


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


def weighted(sketch: Sketch, x: Value, y: Value, shape: Shape, axis: int, fan_in: int) -> list[int]:
    """Weights of `shape`, whose output channels are on `axis`, and a bias or none.

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
        return [w]
    return [w, sketch.constant((channels,), "INT32", bias, scales * np.float32(x.scale), 0)]


def left_out(sketch: Sketch, operands: list[int]) -> list[int]:
    """Where there is no bias, half of the time a -1 that says so."""
    return [*operands, -1] if len(operands) == 1 and sketch.chance(0.5) else operands


def random_weights(sketch: Sketch, shape: Shape) -> NDArray[np.int64]:
    reach = sketch.pick((127, 127, 127, 2))
    weights = sketch.random.integers(-reach, reach + 1, shape)
    if sketch.chance(0.4):
        weights[sketch.random.random(shape) < sketch.random.random()] = 0
    return weights


def conv_2d(sketch: Sketch, x: Value) -> None:
    way, channels = slide(sketch, x, dilates=True), sketch.pick(CHANNELS)
    y = sketch.value((1, *way.output, channels))
    operands = weighted(sketch, x, y, (channels, *way.size, x.shape[3]), 0, math.prod(way.size) * x.shape[3])
    options = way.options | {"FusedActivationFunction": sketch.activation(y.zero_point)}
    sketch.writer.operator("CONV_2D", [x.index, *left_out(sketch, operands)], [y.index], **options)


def depthwise_conv_2d(sketch: Sketch, x: Value) -> None:
    """TFLM's crashes on a bias of -1."""
    way, multiplier = slide(sketch, x, dilates=True), sketch.pick((1, 1, 1, 2, 3))
    channels = x.shape[3] * multiplier
    y = sketch.value((1, *way.output, channels))
    operands = weighted(sketch, x, y, (1, *way.size, channels), 3, math.prod(way.size))
    options = way.options | {"DepthMultiplier": multiplier, "FusedActivationFunction": sketch.activation(y.zero_point)}
    sketch.writer.operator("DEPTHWISE_CONV_2D", [x.index, *operands], [y.index], **options)


def transpose_conv(sketch: Sketch, x: Value) -> None:
    """Where the padding is SAME, any output whose convolution with this stride gives the input."""
    padding, channels = sketch.pick((SAME, VALID)), sketch.pick(CHANNELS)
    size, stride = ((sketch.number(1, 4), sketch.number(1, 4)), (sketch.number(1, 3), sketch.number(1, 3)))
    output = [1]
    for length, taps, step in zip(x.shape[1:3], size, stride, strict=True):
        reach = 1 if padding == SAME else taps
        output.append((length - 1) * step + reach + sketch.number(0, step - 1))
    y = sketch.value((*output, channels))
    covering = max(math.prod(size) // math.prod(stride), 1)
    operands = weighted(sketch, x, y, (channels, *size, x.shape[3]), 0, covering * x.shape[3])
    sketch.writer.operator(
        "TRANSPOSE_CONV",
        [sketch.ints(y.shape), operands[0], x.index, *operands[1:]],
        [y.index],
        Padding=padding,
        StrideH=stride[0],
        StrideW=stride[1],
        FusedActivationFunction=sketch.activation(y.zero_point),
    )


def fully_connected(sketch: Sketch, x: Value) -> None:
    """Over all values, or over the last axis alone."""
    keeps = len(x.shape) > 2 and sketch.chance(0.3)
    fan_in, features = (x.shape[-1] if keeps else x.size), sketch.pick(FEATURES)
    y = sketch.value((*x.shape[:-1], features) if keeps else (1, features))
    operands = weighted(sketch, x, y, (features, fan_in), 0, fan_in)
    options = {"KeepNumDims": keeps, "FusedActivationFunction": sketch.activation(y.zero_point)}
    sketch.writer.operator("FULLY_CONNECTED", [x.index, *left_out(sketch, operands)], [y.index], **options)


def batch_matmul(sketch: Sketch, x: Value) -> None:
    """Of `x` and a constant, or `x` and itself, one of them transposed; the constant's batch may repeat."""
    adjoint = len(x.shape) > 2 and sketch.chance(0.4)
    rows, depth = x.shape[:-3:-1] if adjoint else x.shape[-2:]
    if sketch.chance(0.3):
        other, other_adjoint, columns = x, not adjoint, rows
    else:
        other_adjoint, columns = sketch.chance(0.5), sketch.number(1, 8)
        batch = [size if sketch.chance(0.5) else 1 for size in x.shape[:-2]][sketch.number(0, len(x.shape) - 2) :]
        matrix = (columns, depth) if other_adjoint else (depth, columns)
        other = sketch.operand((*batch, *matrix), x)
    scale = x.scale * other.scale * x.rms * other.rms * math.sqrt(depth) / SPREAD
    y = sketch.value((*x.shape[:-2], rows, columns), scale * sketch.power(-1, 1))
    options = {"AdjX": adjoint, "AdjY": other_adjoint}
    sketch.writer.operator("BATCH_MATMUL", [x.index, other.index], [y.index], **options)


def grown(shape: Shape) -> bool:
    return image(shape) and math.prod(shape) <= MOST_GROWN


WEIGHTED = {
    "CONV_2D": Generator(conv_2d, image, 3),
    "DEPTHWISE_CONV_2D": Generator(depthwise_conv_2d, image, 2),
    "TRANSPOSE_CONV": Generator(transpose_conv, grown),
    "FULLY_CONNECTED": Generator(fully_connected),
    "BATCH_MATMUL": Generator(batch_matmul),
}
