"""Graphs of layers that remember, and the `.tflite` files that they make."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from tflite_writer import Writer

from tinyprune.ir import Graph, Lstm, Quant, Stateful, Svdf, Tensor
from tinyprune.stateful import Gate, State

TANH = 4


def lstm_graph() -> Graph:
    """Three steps of two inputs, four units; the hidden state's zero point is not 0."""
    random = np.random.default_rng(0)
    gates = [
        Gate(
            random.integers(-128, 128, (4, 2), np.int8),
            0.01,
            random.integers(-128, 128, (4, 4), np.int8),
            0.01,
            random.integers(-500, 500, 4, np.int32),
        )
        for _ in range(4)
    ]
    hidden = State("lstm_0_hidden", (1, 4), 8, Quant((0.0078125,), -5))
    cell = State("lstm_0_cell", (1, 4), 16, Quant((2.0**-11,), 0))
    layer = Lstm("lstm_0", "x", "y", (gates[0], gates[1], gates[2], gates[3]), hidden, cell, cell.range, 3, False)
    tensors = {"x": Tensor("x", (1, 3, 2), Quant((0.05,), 3)), "y": Tensor("y", (1, 3, 4), hidden.quant)}
    return Graph("lstm", tensors, (layer,), ("x",), ("y",))


def svdf_graph() -> Graph:
    """Two units of rank two, which remember three features in int16."""
    random = np.random.default_rng(0)
    state = State("svdf_0_state", (1, 4, 3), 16, Quant((0.001,), 0))
    layer = Svdf(
        "svdf_0",
        "x",
        "y",
        random.integers(-128, 128, (4, 5), np.int8),
        0.02,
        random.integers(-32768, 32768, (4, 3), np.int16),
        2.0**-15,
        random.integers(-5000, 5000, 2, np.int32),
        state,
    )
    tensors = {"x": Tensor("x", (1, 5), Quant((0.05,), 3)), "y": Tensor("y", (1, 2), Quant((0.5,), -7))}
    return Graph("svdf", tensors, (layer,), ("x",), ("y",))


class StatefulFile:
    """Writes the layers of a graph, which all remember, into a `.tflite` file."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.writer = Writer()
        (name,) = graph.inputs
        self.source = graph.tensors[name]
        self.input = self.activation(name, self.source.shape, self.source.quant)

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
        if shape == self.source.shape:
            return self.input
        y = self.activation("reshaped", shape, self.source.quant)
        wanted = self.writer.tensor("shape", (len(shape),), "INT32", data=shape)
        self.writer.operator("RESHAPE", [self.input, wanted], [y])
        return y

    def lstm_inputs(self, layer: Lstm) -> list[int]:
        rows = (layer.steps, layer.batches) if layer.time_major else (layer.batches, layer.steps)
        of_input = [self.constant("input weights", gate.input_weights, gate.input_scale) for gate in layer.gates]
        of_hidden = [self.constant("weights", gate.recurrent_weights, gate.recurrent_scale) for gate in layer.gates]
        biases = [self.constant("bias", gate.bias, self.source.scale * gate.input_scale) for gate in layer.gates]
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


# A model of each operator that remembers; their random layers are in tests/golden/random_stateful.py.
GRAPHS = {"UNIDIRECTIONAL_SEQUENCE_LSTM": lstm_graph, "SVDF": svdf_graph}
