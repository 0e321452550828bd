"""A random `.tflite` file in the making: what the generators of `random_operators` share."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from tflite_writer import Writer

NONE, RELU6 = 0, 3
SAME, VALID = 0, 1
INT8_SPREAD = 74.0  # the standard deviation of uniform int8 values
SPREAD = 40.0  # the standard deviation, in steps of its scale, that most outputs are given
LEAST_SCALE, LARGEST_SCALE = 2.0**-18, 2.0**2  # products of products of scales would leave what TFLM computes with

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Value:
    """An activation of the file."""

    index: int
    shape: Shape
    scale: float
    zero_point: int

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    @property
    def rms(self) -> float:
        """The root mean square of q - zero_point, for q uniform in int8."""
        return math.hypot(INT8_SPREAD, self.zero_point + 0.5)

    def means_the_same(self, other: Value) -> bool:
        """Equal bytes stand for equal numbers."""
        return (self.scale, self.zero_point) == (other.scale, other.zero_point)


@dataclass
class Sketch:
    """A file in the making, and the activations that it has so far."""

    random: np.random.Generator
    writer: Writer = field(default_factory=Writer)
    values: list[Value] = field(default_factory=list[Value])

    def number(self, low: int, high: int) -> int:
        """From `low` to `high`, both included."""
        return int(self.random.integers(low, high + 1))

    def chance(self, share: float) -> bool:
        return bool(self.random.random() < share)

    def pick(self, choices: Sequence[int]) -> int:
        return choices[self.number(0, len(choices) - 1)]

    def power(self, low: float, high: float) -> float:
        """2 to a random power."""
        return float(2.0 ** self.random.uniform(low, high))

    def activation(self, zero_point: int) -> int:
        """A fused activation; those that keep a positive range only rarely where `zero_point` leaves no room for it."""
        return self.number(NONE, RELU6) if zero_point < 64 or self.chance(0.1) else NONE

    def zero_point(self) -> int:
        return self.pick((-128, -128, 127, 0, self.number(-128, 127), self.number(-128, 127)))

    def zero_point_near(self, x: Value) -> int:
        """Mostly that of `x`, whose values may all lie to one side of it."""
        return x.zero_point if self.chance(0.6) else self.zero_point()

    def low_zero_point(self) -> int:
        """Mostly one that leaves room for what is positive."""
        return self.zero_point() if self.chance(0.1) else self.pick((-128, self.number(-128, 0), self.number(-128, 64)))

    def scale(self) -> float:
        """Mostly such that RELU6 and RELU_N1_TO_1 cut inside the int8 range; a power of two makes ties."""
        exponent = self.random.uniform(-14, 2) if self.chance(0.1) else self.random.uniform(-7, -2)
        return float(np.float32(2.0 ** (round(exponent) if self.chance(0.2) else exponent)))

    def value(self, shape: Sequence[int], scale: float | None = None, zero_point: int | None = None) -> Value:
        """A new activation, with a random quantization where none is given."""
        scale = self.scale() if scale is None else float(np.float32(min(max(scale, LEAST_SCALE), LARGEST_SCALE)))
        zero_point = self.zero_point() if zero_point is None else zero_point
        index = self.writer.tensor(self.name(), shape, scale=scale, zero_point=zero_point)
        self.values.append(Value(index, tuple(shape), scale, zero_point))
        return self.values[-1]

    def like(self, shape: Sequence[int], x: Value) -> Value:
        """A new activation with the quantization of `x`."""
        return self.value(shape, x.scale, x.zero_point)

    def ints(self, values: ArrayLike) -> int:
        """A constant of int32: a scalar, a vector or a matrix."""
        return self.writer.tensor(self.name(), np.shape(values), "INT32", data=values)

    def operand(self, shape: Sequence[int], x: Value) -> Value:
        """A constant of random int8 values with the quantization of `x`; not among `values`."""
        data = self.random.integers(-128, 128, tuple(shape))
        index = self.writer.tensor(self.name(), shape, scale=x.scale, zero_point=x.zero_point, data=data)
        return replace(x, index=index, shape=tuple(shape))

    def axis(self, axis: int, rank: int) -> int:
        """`axis`, or the same counted from the end."""
        return axis - rank if self.chance(0.3) else axis

    def constant(
        self, shape: Sequence[int], type: str, data: NDArray[np.generic], scales: NDArray[np.float32], axis: int
    ) -> int:
        """A constant whose scales, one or one an index of `axis`, have zero point 0."""
        return self.writer.tensor(self.name(), shape, type, scales.tolist(), 0, data, axis)

    def name(self) -> str:
        return f"t{len(self.writer.tensors)}"


def any_shape(_: Shape) -> bool:
    return True


def image(shape: Shape) -> bool:
    return len(shape) == 4


@dataclass(frozen=True)
class Generator:
    """Adds an operator that reads an activation of a shape that it accepts; drawn in proportion to `weight`."""

    add: Callable[[Sketch, Value], None]
    accepts: Callable[[Shape], bool] = any_shape
    weight: float = 1.0
