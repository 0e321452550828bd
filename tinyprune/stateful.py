"""Layers that remember: what they keep from one inference to the next, and what they are made of. `ir` hands it on."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from tinyprune.tensors import Clamp, Int8, Int32, Quant


@dataclass(frozen=True)
class State:
    """What a layer keeps from one inference to the next. After a reset every element is the zero point."""

    name: str  # an identifier in C
    shape: tuple[int, ...]
    bits: int  # 8, or 16 with a zero point of 0
    quant: Quant

    @property
    def bytes(self) -> int:
        return math.prod(self.shape) * self.bits // 8

    @property
    def range(self) -> Clamp:
        """The lowest and the highest value of an element."""
        return -(1 << (self.bits - 1)), (1 << (self.bits - 1)) - 1


@dataclass(frozen=True, eq=False)
class Gate:
    """Of an LSTM: input_weights @ input + recurrent_weights @ hidden state + bias."""

    input_weights: Int8  # (units, inputs)
    input_scale: float
    recurrent_weights: Int8  # (units, units)
    recurrent_scale: float
    bias: Int32  # (units,)


@dataclass(frozen=True, eq=False)
class Lstm:
    """`steps` steps of `batches` independent rows of inputs; the output is the hidden state after each step.

    The input is (steps, batches, inputs) where `time_major`, else (batches, steps, inputs), and so is the output.
    """

    name: str
    input: str
    output: str
    gates: tuple[Gate, Gate, Gate, Gate]  # input, forget, cell, output
    hidden: State  # (batches, units), int8
    cell: State  # (batches, units), int16; its scale is a power of two
    cell_clamp: Clamp
    steps: int
    time_major: bool

    @property
    def batches(self) -> int:
        return self.hidden.shape[0]

    @property
    def units(self) -> int:
        return self.hidden.shape[1]

    @property
    def inputs(self) -> int:
        return self.gates[0].input_weights.shape[1]


@dataclass(frozen=True, eq=False)
class Svdf:
    """A dense layer over time in factors: each filter maps the input to a feature and weighs its last `memory` ones;
    each unit is the sum of as many filters as the rank says."""

    name: str
    input: str
    output: str
    feature_weights: Int8  # (filters, inputs)
    feature_scale: float
    time_weights: NDArray[np.int8 | np.int16]  # (filters, memory), as wide as the state
    time_scale: float
    bias: Int32  # (units,)
    state: State  # (batches, filters, memory), the newest feature last

    @property
    def rank(self) -> int:
        return len(self.feature_weights) // len(self.bias)


Stateful: TypeAlias = Lstm | Svdf


def layer_states(layer: Stateful) -> tuple[State, ...]:
    return (layer.hidden, layer.cell) if isinstance(layer, Lstm) else (layer.state,)


def stateful_weights(layer: Stateful) -> tuple[NDArray[np.generic], ...]:
    """Every array of weights, without biases."""
    if isinstance(layer, Svdf):
        return layer.feature_weights, layer.time_weights
    return tuple(part for gate in layer.gates for part in (gate.input_weights, gate.recurrent_weights))


def stateful_biases(layer: Stateful) -> tuple[Int32, ...]:
    return (layer.bias,) if isinstance(layer, Svdf) else tuple(gate.bias for gate in layer.gates)


def stateful_macs(layer: Stateful) -> int:
    """Multiply-accumulates of one inference: each weight meets one value in each row of each step."""
    rows = layer.batches * layer.steps if isinstance(layer, Lstm) else layer.state.shape[0]
    return rows * sum(part.size for part in stateful_weights(layer))
