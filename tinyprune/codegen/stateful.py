"""The constants of layers that remember, and the arguments of their kernels."""

from __future__ import annotations

import numpy as np

from tinyprune.arithmetic import Int64, Requant
from tinyprune.codegen import c
from tinyprune.ir import Int32, Lstm, Stateful, Svdf, Tensor
from tinyprune.reference import stateful
from tinyprune.reference.stateful import folded_bias
from tinyprune.stateful import Gate, State

Members = tuple[tuple[str, object], ...]
GATES = ("input_gate", "forget_gate", "cell_gate", "output_gate")


def stateful_code(layer: Stateful, source: Tensor, target: Tensor) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The definitions of the constants, and the kernel's arguments: the parameters first, all without input and
    output."""
    match layer:
        case Lstm():
            return _lstm(layer, source)
        case Svdf():
            return _svdf(layer, source, target)


def place(state: State) -> str:
    return f"tp_state.{state.name}"


def _lstm(layer: Lstm, source: Tensor) -> tuple[tuple[str, ...], tuple[str, ...]]:
    gates = (
        part
        for name, gate in zip(GATES, layer.gates, strict=True)
        for part in _gate(layer, gate, f"{layer.name}_{name}", source)
    )
    to = stateful.lstm_requant(layer)
    members = (
        *((size, getattr(layer, size)) for size in ("batches", "steps", "inputs", "units")),
        *((name, f"&{layer.name}_{name}") for name in GATES),
        *_multiplier("kept", to.kept),
        *_multiplier("added", to.added),
        *_multiplier("hidden", to.hidden),
        ("cell_left", stateful.tanh_shift(layer)),
        ("hidden_zero_point", layer.hidden.quant.zero_point),
        ("time_major", int(layer.time_major)),
        ("cell_low", layer.cell_clamp[0]),
        ("cell_high", layer.cell_clamp[1]),
    )
    params = c.struct("tp_lstm_params", f"{layer.name}_params", members)
    return (*gates, params), (f"&{layer.name}_params", place(layer.hidden), place(layer.cell))


def _gate(layer: Lstm, gate: Gate, name: str, source: Tensor) -> tuple[str, ...]:
    of_input, of_hidden = stateful.gate_requants(layer, gate, source)
    arrays = {
        "input_weights": gate.input_weights,
        "recurrent_weights": gate.recurrent_weights,
        "input_bias": _int32(folded_bias(gate.bias, gate.input_weights, source.zero_point)),
        "recurrent_bias": _int32(folded_bias(0, gate.recurrent_weights, layer.hidden.quant.zero_point)),
    }
    members = (
        *((part, f"{name}_{part}") for part in arrays),
        *_multiplier("input", of_input),
        *_multiplier("recurrent", of_hidden),
    )
    definitions = (c.array(f"{name}_{part}", values) for part, values in arrays.items())
    return (*definitions, c.struct("tp_lstm_gate", name, members))


def _svdf(layer: Svdf, source: Tensor, target: Tensor) -> tuple[tuple[str, ...], tuple[str, ...]]:
    name = layer.name
    arrays = {
        "feature_bias": _int32(folded_bias(0, layer.feature_weights, source.zero_point)),
        "feature_weights": layer.feature_weights,
        "time_weights": layer.time_weights,
        "bias": layer.bias,
    }
    batches, _, memory = layer.state.shape
    members = (
        ("batches", batches),
        ("inputs", layer.feature_weights.shape[1]),
        ("units", len(layer.bias)),
        ("rank", layer.rank),
        ("memory", memory),
        ("feature_bias", f"{name}_feature_bias"),
        *_multiplier("feature", stateful.feature_requant(layer, source)),
        *_multiplier("output", stateful.output_requant(layer, target)),
        ("state_zero_point", layer.state.quant.zero_point),
        ("output_zero_point", target.zero_point),
    )
    definitions = (c.array(f"{name}_{part}", values) for part, values in arrays.items())
    params = c.struct("tp_svdf_params", f"{name}_params", members)
    read = (f"{name}_{part}" for part in ("feature_weights", "time_weights", "bias"))
    return (*definitions, params), (f"&{name}_params", *read, place(layer.state))


def _multiplier(name: str, to: Requant) -> Members:
    return ((f"{name}_multiplier", to.multiplier[0]), (f"{name}_shift", to.shift[0]))


def _int32(values: Int64) -> Int32:
    """`verify` proved that they fit."""
    return values.astype(np.int32)
