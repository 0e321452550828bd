"""A random `.tflite` file in the making: what the generators of `random_operators` share."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from tflite_writer import Writer

NONE, RELU6 = 0, 3


@dataclass(frozen=True)
class Value:
    """An activation of the file."""

    index: int
    shape: tuple[int, ...]
    scale: float
    zero_point: int

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    @property
    def rms(self) -> float:
        """The root mean square of q - zero_point, for q uniform in int8."""
        return math.hypot(74.0, self.zero_point + 0.5)


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

    def scale(self) -> float:
        """Mostly such that RELU6 and RELU_N1_TO_1 cut inside the int8 range; a power of two makes ties."""
        exponent = self.random.uniform(-14, 3) if self.chance(0.1) else self.random.uniform(-7, -2)
        return float(np.float32(2.0 ** (round(exponent) if self.chance(0.2) else exponent)))

    def value(self, shape: Sequence[int], scale: float | None = None, zero_point: int | None = None) -> Value:
        """A new activation, with a random quantization where none is given."""
        scale = self.scale() if scale is None else float(np.float32(scale))
        zero_point = self.zero_point() if zero_point is None else zero_point
        index = self.writer.tensor(self.name(), shape, scale=scale, zero_point=zero_point)
        self.values.append(Value(index, tuple(shape), scale, zero_point))
        return self.values[-1]

    def like(self, shape: Sequence[int], x: Value) -> Value:
        """A new activation with the quantization of `x`."""
        return self.value(shape, x.scale, x.zero_point)

    def ints(self, values: Sequence[int]) -> int:
        """A constant vector of int32."""
        return self.writer.tensor(self.name(), (len(values),), "INT32", data=values)

    def constant(
        self, shape: Sequence[int], type: str, data: NDArray[np.generic], scales: NDArray[np.float32], axis: int
    ) -> int:
        """A constant whose scales, one or one an index of `axis`, have zero point 0."""
        return self.writer.tensor(self.name(), shape, type, scales.tolist(), 0, data, axis)

    def name(self) -> str:
        return f"t{len(self.writer.tensors)}"
