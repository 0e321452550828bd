"""Elementwise operators."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tinyprune.arithmetic import Int64, Requant, requant, requantize
from tinyprune.ir import Add, Graph

ADD_LEFT_SHIFT = 20  # TFLM add_common.cc: both inputs are raised by 20 bits before they are rescaled


@dataclass(frozen=True)
class AddRequant:
    """Each input's and the output's multiplier: sum = (a << 20) * input + (b << 20) * other, then * output."""

    input: Requant
    other: Requant
    output: Requant


def add_requant(layer: Add, graph: Graph) -> AddRequant:
    """TFLM's `CalculateOpDataAdd`: rescale both inputs to twice the larger scale."""
    a, b, y = (graph.tensors[name].scale for name in (layer.input, layer.other, layer.output))
    twice_max = 2.0 * max(a, b)
    return AddRequant(
        requant([a / twice_max]), requant([b / twice_max]), requant([twice_max / ((1 << ADD_LEFT_SHIFT) * y)])
    )


def add(layer: Add, x: Int64, other: Int64, graph: Graph) -> Int64:
    to = add_requant(layer, graph)
    a = requantize((x - graph.tensors[layer.input].zero_point) << ADD_LEFT_SHIFT, to.input)
    b = requantize((other - graph.tensors[layer.other].zero_point) << ADD_LEFT_SHIFT, to.other)
    return np.clip(requantize(a + b, to.output) + graph.tensors[layer.output].zero_point, *layer.clamp)
