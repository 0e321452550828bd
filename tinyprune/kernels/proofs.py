"""What the fast kernels need of a layer's numbers, proved for each output channel from its weights."""

from __future__ import annotations

import numpy as np

from tinyprune.arithmetic import Int64
from tinyprune.formats import unpack
from tinyprune.ir import Clamp, Graph, Weighted
from tinyprune.reference import convolution

INT8: Clamp = (-128, 127)
SMALLEST_SHIFT = -23  # of tp_right_requant: its addend must leave room in 31 bits


def largest_products(layer: Weighted) -> Int64:
    """128 * sum(|w|), (channels,): no sum of some of this channel's products exceeds it."""
    return 128 * convolution.weight_sums(layer, np.abs(unpack(layer.weights).astype(np.int64)))


def largest_accumulators(layer: Weighted, graph: Graph) -> Int64:
    """|bias - zp * sum(w)| + 128 * sum(|w|), (channels,): no accumulator of this channel exceeds it, at any time."""
    return abs(convolution.kernel_bias(layer, graph.tensors[layer.input])) + largest_products(layer)


def products_problem(layer: Weighted, bits: int) -> str:
    """Why some sum of products, without the bias, may not be below 2**bits; "" where all are."""
    largest = int(largest_products(layer).max(initial=0))
    return f"a sum of products may reach {largest:,}, beyond 2^{bits}" if largest >= 1 << bits else ""


def accumulator_problem(layer: Weighted, graph: Graph, bits: int) -> str:
    """Why some accumulator may not be below 2**bits; "" where all are."""
    largest = int(largest_accumulators(layer, graph).max(initial=0))
    return f"an accumulator may reach {largest:,}, beyond 2^{bits}" if largest >= 1 << bits else ""


def clamp_problem(clamp: Clamp) -> str:
    """Why outputs cannot be those that saturating to int8 gives; "" where they are."""
    return "" if clamp == INT8 else f"its outputs are clamped to {clamp[0]}..{clamp[1]}"


def right_requant_problem(layer: Weighted, graph: Graph) -> str:
    """Why `tp_requantize_right` is not for this layer; "" where it is."""
    shift = convolution.layer_requant(layer, graph.tensors[layer.input], graph.tensors[layer.output]).shift
    if int(shift.min()) >= SMALLEST_SHIFT and int(shift.max()) <= -1:
        return ""
    return f"its requantization shifts by {shift.min()} to {shift.max()}, not by {SMALLEST_SHIFT} to -1"
