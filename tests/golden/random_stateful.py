"""Random layers that remember, in parallel: they all read the model input; and the `.tflite` file that they make."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray
from tflite_writer import Writer

from tinyprune.ir import Graph, Layer, Lstm, Quant, Stateful, Svdf, Tensor
from tinyprune.stateful import Gate, State

TANH = 4
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


class StatefulFile:
    """Writes the layers of a graph, which all remember, into a `.tflite` file."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.writer = Writer()
        self.input = self.activation("input", graph.tensors["input"].shape, graph.tensors["input"].quant)

    def content(self) -> bytes:
        outputs = [self.layer(layer) for layer in self.graph.layers if isinstance(layer, Stateful)]
        return self.writer.finish([self.input], outputs[-1:])

    def layer(self, layer: Stateful) -> int:
        return self.lstm(layer) if isinstance(layer, Lstm) else self.svdf(layer)

    def activation(self, name: str, shape: tuple[int, ...], quant: Quant) -> int:
        return self.writer.tensor(name, shape, scale=quant.scale, zero_point=quant.zero_point)

    def state(self, state: State) -> int:
        shape = (state.shape[0], math.prod(state.shape[1:]))
        quant = {"scale": state.quant.scale, "zero_point": state.quant.zero_point}
        return self.writer.tensor(state.name, shape, f"INT{state.bits}", **quant, is_variable=True)

    def constant(self, name: str, values: NDArray[np.generic], scale: float) -> int:
        return self.writer.tensor(name, values.shape, values.dtype.name.upper(), scale=scale, data=values)

    def reshaped(self, shape: tuple[int, ...]) -> int:
        y = self.activation("reshaped", shape, self.graph.tensors["input"].quant)
        wanted = self.writer.tensor("shape", (len(shape),), "INT32", data=shape)
        self.writer.operator("RESHAPE", [self.input, wanted], [y])
        return y

    def lstm_inputs(self, layer: Lstm) -> list[int]:
        rows = (layer.steps, layer.batches) if layer.time_major else (layer.batches, layer.steps)
        source = self.graph.tensors["input"].scale
        of_input = [self.constant("input weights", gate.input_weights, gate.input_scale) for gate in layer.gates]
        of_hidden = [self.constant("weights", gate.recurrent_weights, gate.recurrent_scale) for gate in layer.gates]
        biases = [self.constant("bias", gate.bias, source * gate.input_scale) for gate in layer.gates]
        states = [self.state(layer.hidden), self.state(layer.cell)]
        first = self.reshaped((*rows, layer.inputs))
        return [first, *of_input, *of_hidden, -1, -1, -1, *biases, -1, -1, *states, -1, -1, -1, -1]

    def lstm(self, layer: Lstm) -> int:
        rows = (layer.steps, layer.batches) if layer.time_major else (layer.batches, layer.steps)
        y = self.activation(layer.output, (*rows, layer.units), layer.hidden.quant)
        clip = 0.0 if layer.cell_clamp == layer.cell.range else layer.cell_clamp[1] * layer.cell.quant.scale[0]
        options = {"FusedActivationFunction": TANH, "CellClip": clip, "TimeMajor": layer.time_major}
        self.writer.operator("UNIDIRECTIONAL_SEQUENCE_LSTM", self.lstm_inputs(layer), [y], **options)
        return y

    def svdf(self, layer: Svdf) -> int:
        batches = layer.state.shape[0]
        inputs = [
            self.reshaped((batches, layer.feature_weights.shape[1])),
            self.constant("feature weights", layer.feature_weights, layer.feature_scale),
            self.constant("time weights", layer.time_weights, layer.time_scale),
            self.constant("bias", layer.bias, layer.state.quant.scale[0] * layer.time_scale),
            self.state(layer.state),
        ]
        y = self.activation(layer.output, (batches, len(layer.bias)), self.graph.tensors[layer.output].quant)
        self.writer.operator("SVDF", inputs, [y], Rank=layer.rank)
        return y
