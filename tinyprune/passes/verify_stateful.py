"""What a valid layer that remembers is: its parts fit, and no accumulator but one that may wrap leaves int32."""

from __future__ import annotations

import numpy as np

from tinyprune.arithmetic import INT32_MAX, Int64, Requant, can_overflow
from tinyprune.ir import Graph, Int8, Lstm, Stateful, Svdf, Tensor
from tinyprune.reference import stateful
from tinyprune.reference.stateful import folded_bias
from tinyprune.stateful import Gate

MIN_TANH_LEFT = -30  # a rounding shift to the right
MAX_TANH_LEFT = 14  # 3 * 2**15, shifted by it, stays inside int32
MAX_PRODUCT = np.array([1 << 30])  # of two int16 values


def stateful_problem(layer: Stateful, graph: Graph) -> str | None:
    """What is wrong with `layer`, or None."""
    source, target = graph.tensors[layer.input], graph.tensors[layer.output]
    match layer:
        case Lstm():
            return _lstm_shape_problem(layer, source) or _lstm_range_problem(layer, source, target)
        case Svdf():
            return _svdf_shape_problem(layer, source) or _svdf_range_problem(layer, source, target)


def _lstm_shape_problem(layer: Lstm, source: Tensor) -> str | None:
    units, inputs = layer.units, layer.inputs
    for gate in layer.gates:
        shapes = gate.input_weights.shape, gate.recurrent_weights.shape, gate.bias.shape
        if shapes != ((units, inputs), (units, units), (units,)):
            return f"has a gate of shapes {shapes} for {inputs} inputs and {units} units"
    if source.size != layer.steps * layer.batches * inputs:
        return f"has {source.size} inputs, not {layer.steps} x {layer.batches} x {inputs}"
    return None if layer.cell.shape == layer.hidden.shape else "has states of different shapes"


def _lstm_range_problem(layer: Lstm, source: Tensor, target: Tensor) -> str | None:
    if target.quant != layer.hidden.quant:
        return "has an output that is not quantized as its hidden state, of which it is a copy"
    if (layer.hidden.bits, layer.cell.bits, layer.cell.quant.zero_point) != (8, 16, 0):
        return "needs an int8 hidden state, and an int16 cell state with zero point 0"
    if stateful.ARGUMENT_SCALE * 2.0 ** stateful.tanh_shift(layer) != layer.cell.quant.scale[0]:
        return f"has a cell state of scale {layer.cell.quant.scale[0]:g}, which is not a power of two"
    if not MIN_TANH_LEFT <= stateful.tanh_shift(layer) <= MAX_TANH_LEFT:
        return f"has a cell state of scale {layer.cell.quant.scale[0]:g}, too far from 2**-12"
    to = stateful.lstm_requant(layer)
    if any(can_overflow(MAX_PRODUCT, part) for part in (to.kept, to.added, to.hidden)):
        return "has states whose scales make a product overflow 32 bits"
    overflows = any(_gate_overflows(layer, gate, source) for gate in layer.gates)
    return "can overflow the 32-bit accumulator of a gate" if overflows else None


def _gate_overflows(layer: Lstm, gate: Gate, source: Tensor) -> bool:
    of_input, of_hidden = stateful.gate_requants(layer, gate, source)
    input_bias = folded_bias(gate.bias, gate.input_weights, source.zero_point)
    hidden_bias = folded_bias(0, gate.recurrent_weights, layer.hidden.quant.zero_point)
    overflow = _overflows(input_bias, gate.input_weights, of_input)
    return overflow or _overflows(hidden_bias, gate.recurrent_weights, of_hidden)


def _svdf_shape_problem(layer: Svdf, source: Tensor) -> str | None:
    batches, filters, memory = layer.state.shape
    if layer.feature_weights.shape != (filters, source.size // batches) or source.size % batches:
        return f"has feature weights {list(layer.feature_weights.shape)} for {source.size} inputs, {filters} filters"
    if layer.time_weights.shape != (filters, memory) or layer.time_weights.itemsize * 8 != layer.state.bits:
        return f"has {layer.time_weights.dtype} time weights {list(layer.time_weights.shape)} for {layer.state.shape}"
    return None if filters % len(layer.bias) == 0 else f"has {filters} filters for {len(layer.bias)} units"


def _svdf_range_problem(layer: Svdf, source: Tensor, target: Tensor) -> str | None:
    """The sums over time may wrap, so whatever they are must survive being requantized."""
    if layer.state.bits == 16 and layer.state.quant.zero_point != 0:
        return "has an int16 state with a zero point other than 0"
    bias = folded_bias(0, layer.feature_weights, source.zero_point)
    if _overflows(bias, layer.feature_weights, stateful.feature_requant(layer, source)):
        return "can overflow the 32-bit accumulator of a feature"
    if can_overflow(np.array([INT32_MAX]), stateful.output_requant(layer, target)):
        return "can overflow 32 bits when its output is requantized"
    return None


def _overflows(bias: Int64, weights: Int8, to: Requant) -> bool:
    worst = np.abs(bias) + 128 * np.abs(weights.astype(np.int64)).sum(axis=1)
    return int(worst.max()) > INT32_MAX or can_overflow(worst, to)
