"""Layers that remember, as TFLM's lstm_eval and svdf_common compute them.

Gates are int16: their arguments with 12 fractional bits, their values with 15. Products of scales are in double
precision.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from tinyprune import ir
from tinyprune.arithmetic import Int64, Requant, requant, requantize
from tinyprune.ir import Graph, Int8, Int32, Lstm, Stateful, Svdf, Tensor
from tinyprune.reference.convolution import dense_accumulate
from tinyprune.reference.sigmoid_16 import sigmoid, tanh
from tinyprune.stateful import Gate, State

States: TypeAlias = Mapping[str, Int64]  # by the name of a state: (n, *its shape)

ARGUMENT_SCALE = 2.0**-12
VALUE_SCALE = 2.0**-15
INT16 = (-(2**15), 2**15 - 1)


@dataclass(frozen=True, eq=False)
class LstmRequant:
    """Of the three products of int16 values: forget gate and cell, input gate and cell gate, output gate and tanh."""

    kept: Requant
    added: Requant
    hidden: Requant


def initial_states(graph: Graph, count: int) -> dict[str, Int64]:
    """What `count` models remember after a reset."""
    return {state.name: np.full((count, *state.shape), state.quant.zero_point, np.int64) for state in ir.states(graph)}


def run_stateful(layer: Stateful, x: Int64, graph: Graph, states: States) -> tuple[Int64, States]:
    """The output (n, ...) for `x` (n, ...), and what the layer remembers then; `states` is what it remembers now."""
    source, target = graph.tensors[layer.input], graph.tensors[layer.output]
    match layer:
        case Lstm():
            return lstm(layer, x, source, states)
        case Svdf():
            return svdf(layer, x, source, target, states)


def gate_requants(layer: Lstm, gate: Gate, source: Tensor) -> tuple[Requant, Requant]:
    """Of the products with the input and with the hidden state."""
    pairs = (source.scale, gate.input_scale), (layer.hidden.quant.scale[0], gate.recurrent_scale)
    of_input, of_hidden = (a * b / ARGUMENT_SCALE for a, b in pairs)
    return requant([of_input]), requant([of_hidden])


def folded_bias(bias: Int32 | int, weights: Int8, zero_point: int) -> Int64:
    """The bias that kernels are given, (outputs,): bias - zero_point * sum(weights), as `kernel_bias`."""
    return np.asarray(bias, np.int64) - zero_point * weights.astype(np.int64).sum(axis=1)


def lstm_requant(layer: Lstm) -> LstmRequant:
    cell, hidden = layer.cell.quant.scale[0], layer.hidden.quant.scale[0]
    reals = VALUE_SCALE * cell / cell, VALUE_SCALE * VALUE_SCALE / cell, VALUE_SCALE * VALUE_SCALE / hidden
    return LstmRequant(*(requant([real]) for real in reals))


def tanh_shift(layer: Lstm) -> int:
    """The cell state, whose scale is a power of two, has to be raised by this to have 12 fractional bits."""
    return round(math.log2(layer.cell.quant.scale[0] / ARGUMENT_SCALE))


def lstm(layer: Lstm, x: Int64, source: Tensor, states: States) -> tuple[Int64, States]:
    rows = _by_step(layer, x) - source.zero_point
    hidden, cell = states[layer.hidden.name], states[layer.cell.name]
    outputs: list[Int64] = []
    for step in range(layer.steps):
        hidden, cell = _lstm_step(layer, rows[:, step], source, hidden, cell)
        outputs.append(hidden)
    y = np.stack(outputs, axis=1 if layer.time_major else 2)
    return y, {layer.hidden.name: hidden, layer.cell.name: cell}


def _by_step(layer: Lstm, x: Int64) -> Int64:
    """(n, steps, batches, inputs)"""
    if layer.time_major:
        return x.reshape(-1, layer.steps, layer.batches, layer.inputs)
    return x.reshape(-1, layer.batches, layer.steps, layer.inputs).swapaxes(1, 2)


def _lstm_step(layer: Lstm, x: Int64, source: Tensor, hidden: Int64, cell: Int64) -> tuple[Int64, Int64]:
    """The hidden state and the cell state (n, batches, units) after the input `x`, zero point removed."""
    h = hidden - layer.hidden.quant.zero_point
    arguments = (_argument(layer, gate, x, h, source) for gate in layer.gates)
    input_gate, forget_gate, cell_gate, output_gate = arguments
    to = lstm_requant(layer)
    kept = _int16(requantize(sigmoid(forget_gate) * cell, to.kept))
    added = _int16(requantize(sigmoid(input_gate) * tanh(cell_gate, 0), to.added))
    cell = np.clip(kept + added, *layer.cell_clamp)
    y = requantize(tanh(cell, tanh_shift(layer)) * sigmoid(output_gate), to.hidden)
    return np.clip(y + layer.hidden.quant.zero_point, -128, 127), cell


def _argument(layer: Lstm, gate: Gate, x: Int64, h: Int64, source: Tensor) -> Int64:
    of_input, of_hidden = gate_requants(layer, gate, source)
    a = requantize(_products(x, gate.input_weights) + gate.bias, of_input)
    b = requantize(_products(h, gate.recurrent_weights), of_hidden)
    return _int16(_int16(a) + _int16(b))


def feature_requant(layer: Svdf, source: Tensor) -> Requant:
    return requant([source.scale * layer.feature_scale / layer.state.quant.scale[0]])


def output_requant(layer: Svdf, target: Tensor) -> Requant:
    return requant([layer.state.quant.scale[0] * layer.time_scale / target.scale])


def svdf(layer: Svdf, x: Int64, source: Tensor, target: Tensor, states: States) -> tuple[Int64, States]:
    """Sums over time wrap around at 32 bits, and so does an int8 feature when its zero point is added, as in TFLM."""
    batches, filters, _ = layer.state.shape
    rows = x.reshape(-1, batches, layer.feature_weights.shape[1]) - source.zero_point
    features = np.clip(
        requantize(_products(rows, layer.feature_weights), feature_requant(layer, source)), *layer.state.range
    )
    newest = _wrapped(features + layer.state.quant.zero_point, layer.state)
    state = np.concatenate([states[layer.state.name][..., 1:], newest[..., None]], axis=-1)
    sums = ((state - layer.state.quant.zero_point) * layer.time_weights).sum(axis=-1)
    units = sums.reshape(-1, batches, filters // layer.rank, layer.rank).sum(axis=-1) + layer.bias
    y = requantize(units.astype(np.int32).astype(np.int64), output_requant(layer, target)) + target.zero_point
    return np.clip(y, -128, 127), {layer.state.name: state}


def _wrapped(values: Int64, state: State) -> Int64:
    return values.astype(f"int{state.bits}").astype(np.int64)


def _products(x: Int64, weights: Int8) -> Int64:
    """`x` (..., inputs) times `weights` (outputs, inputs): (..., outputs)."""
    return dense_accumulate(x, weights).reshape(*x.shape[:-1], len(weights))


def _int16(value: Int64) -> Int64:
    return np.clip(value, *INT16)
