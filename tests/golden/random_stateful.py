"""Random layers that remember, in parallel: they all read the model input."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from tinyprune.ir import Graph, Layer, Lstm, Quant, Svdf, Tensor
from tinyprune.stateful import Gate, State

SIZES = st.sampled_from([1, 2, 3, 5, 8])
ZERO_POINTS = st.sampled_from([-128, -127, -5, 0, 3, 127]) | st.integers(-128, 127)


@dataclass
class Builder:
    """Draws layers that read the model input, of `values` values, and adds them to a graph."""

    draw: st.DrawFn
    values: int
    tensors: dict[str, Tensor] = field(default_factory=dict[str, Tensor])
    layers: list[Layer] = field(default_factory=list[Layer])

    def __post_init__(self) -> None:
        self.tensors["input"] = Tensor("input", (1, self.values), self.quant(-12, 4))

    def quant(self, low: float, high: float) -> Quant:
        return Quant((self.scale(low, high),), self.draw(ZERO_POINTS))

    def scale(self, low: float, high: float) -> float:
        return float(np.float32(2 ** self.draw(st.floats(low, high))))

    def divisor(self, number: int) -> int:
        return self.draw(st.sampled_from([n for n in range(1, number + 1) if number % n == 0]))

    def random(self) -> np.random.Generator:
        return np.random.default_rng(self.draw(st.integers(0, 2**32 - 1)))

    def weights(self, shape: tuple[int, int], bits: int = 8) -> NDArray[np.signedinteger]:
        """Any values, or only the most extreme ones."""
        low, high, kind = -(1 << (bits - 1)), (1 << (bits - 1)) - 1, f"int{bits}"
        if self.draw(st.booleans()):
            return self.random().choice(np.array([low, high], kind), shape)
        return self.random().integers(low, high + 1, shape, kind)

    def target(self, name: str, shape: tuple[int, ...], quant: Quant) -> str:
        output = f"{name} output"
        self.tensors[output] = Tensor(output, shape, quant)
        return output

    def lstm(self) -> Layer:
        name, units = f"lstm_{len(self.layers)}", self.draw(SIZES)
        batches = self.divisor(self.values)
        steps = self.divisor(self.values // batches)
        hidden = State(f"{name}_hidden", (batches, units), 8, self.quant(-9, -5))
        cell = State(f"{name}_cell", (batches, units), 16, Quant((2.0 ** self.draw(st.integers(-16, -6)),), 0))
        inputs = self.values // batches // steps
        first, second, third, fourth = (self.gate(units, inputs, hidden) for _ in range(4))
        time_major = self.draw(st.booleans())
        shape = (steps, batches, units) if time_major else (batches, steps, units)
        output = self.target(name, shape if shape[0] == 1 else (1, *shape), hidden.quant)
        bound = self.draw(st.just(0) | st.integers(1, 32767))
        clamp = (-bound, bound) if bound else cell.range
        return Lstm(name, "input", output, (first, second, third, fourth), hidden, cell, clamp, steps, time_major)

    def gate(self, units: int, inputs: int, hidden: State) -> Gate:
        """The largest sums give arguments from far inside of int16 to far beyond."""
        input_weights, recurrent_weights = self.weights((units, inputs)), self.weights((units, units))
        limit = 2 ** self.draw(st.integers(0, 16))
        bias = self.random().integers(-limit, limit, units, np.int32)
        scales = (
            self.scale(-4, 3) * 2**15 / (2**15 * depth) * 2**-12 / source.scale[0]
            for depth, source in ((inputs, self.tensors["input"].quant), (units, hidden.quant))
        )
        input_scale, recurrent_scale = (float(np.float32(scale)) for scale in scales)
        return Gate(input_weights, input_scale, recurrent_weights, recurrent_scale, bias)

    def svdf(self) -> Layer:
        name, units, rank, memory = f"svdf_{len(self.layers)}", self.draw(SIZES), *(self.draw(SIZES) for _ in "ab")
        batches, bits = self.divisor(self.values), self.draw(st.sampled_from([8, 16]))
        inputs, filters = self.values // batches, units * rank
        source, largest = self.tensors["input"].scale, 2 ** (bits - 1)
        zero_point = self.draw(ZERO_POINTS) if bits == 8 else 0
        state = State(f"{name}_state", (batches, filters, memory), bits, Quant((self.scale(-4, 4),), zero_point))
        feature = self.scale(-3, 2) * largest / (2**15 * inputs)
        feature_scale = float(np.float32(feature * state.quant.scale[0] / source))
        time_scale, gain = self.scale(-8, 0), self.scale(-3, 5)
        output_scale = state.quant.scale[0] * time_scale * (rank * memory * largest**2) / (128 * gain)
        quant = Quant((float(np.float32(output_scale)),), self.draw(ZERO_POINTS))
        output = self.target(name, (batches, units) if batches == 1 else (1, batches, units), quant)
        limit = 2 ** self.draw(st.integers(0, 30))
        bias = self.random().integers(-limit, limit, units, np.int32)
        feature_weights, time_weights = self.weights((filters, inputs)), self.weights((filters, memory), bits)
        return Svdf(name, "input", output, feature_weights, feature_scale, time_weights, time_scale, bias, state)


@st.composite
def graphs(draw: st.DrawFn, kind: str, count: int) -> Graph:
    """`count` layers of a kind, "lstm" or "svdf"."""
    builder = Builder(draw, draw(st.sampled_from([1, 7, 12, 24, 40])))
    for _ in range(count):
        builder.layers.append(getattr(builder, kind)())
    layers = tuple(builder.layers)
    return Graph("random", builder.tensors, layers, ("input",), (layers[-1].output,))
