"""Sums and means over any axes: TFLM's `QuantizedMeanOrSum`."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tinyprune.arithmetic import Int64, Requant, quantize_multiplier, requantize
from tinyprune.ir import Mean, Reduce, Tensor
from tinyprune.reference.scales import bounded

MAX_LOOPS = 2
DIFFERENCE_BITS = 9  # of a mean's accumulator, above those of the count

Loops = list[tuple[int, int]]


@dataclass(frozen=True)
class ReduceLoops:
    """(length, step in the input) of the loops over what is kept, and over what is summed, outermost first."""

    kept: Loops
    summed: Loops


def count(layer: Reduce, source: Tensor) -> int:
    """How many values make one output."""
    return math.prod(source.shape[axis] for axis in layer.axes)


def reduce_requant(layer: Reduce, source: Tensor, target: Tensor) -> Requant:
    """Of the accumulator; UnrepresentableError where it would leave int32."""
    real, values = source.scale / target.scale, count(layer, source)
    if isinstance(layer, Mean):
        bounded(real, DIFFERENCE_BITS)
        return _mean_requant(real, values)
    return bounded(real, DIFFERENCE_BITS - 1 + values.bit_length())


def _mean_requant(real: float, values: int) -> Requant:
    """The division by the number of values is folded into the multiplier.

    As many bits as the number has are given back by the shift, which stays at -31 or above.
    """
    multiplier, shift = quantize_multiplier(real)
    bits = min(values.bit_length() - 1, 32, 31 + shift)
    return Requant(np.array([(multiplier << bits) // values], np.int32), np.array([shift - bits], np.int32))


def reduce(layer: Reduce, x: Int64, source: Tensor, target: Tensor) -> Int64:
    acc = (x - source.zero_point).sum(axis=layer.axes)
    return np.clip(requantize(acc, reduce_requant(layer, source, target)) + target.zero_point, -128, 127)


def loops(layer: Reduce, source: Tensor) -> ReduceLoops:
    """The fewest loops, each padded to MAX_LOOPS; ValueError where more are needed."""
    found = ReduceLoops([], [])
    step, last = 1, None
    for axis, size in reversed(list(enumerate(source.shape))):
        if size > 1:
            into = found.summed if axis in layer.axes else found.kept
            if into is last:
                into[0] = (into[0][0] * size, into[0][1])
            else:
                into.insert(0, (size, step))
            last = into
        step *= size
    if max(len(found.kept), len(found.summed)) > MAX_LOOPS:
        raise ValueError(f"is over axes {list(layer.axes)} of {list(source.shape)}: too many loops")
    return ReduceLoops(_padded(found.kept), _padded(found.summed))


def _padded(loops: Loops) -> Loops:
    return [(1, 0)] * (MAX_LOOPS - len(loops)) + loops
