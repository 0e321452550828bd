"""Requantization at a common shift (`tp_requantize_level`), proved for every accumulator of each channel.

With accumulators raised by `r` bits, an output is `(floor(acc * 2^r * M' / 2^32) + C) / 2^F`, rounded down and
saturated: `M' = M / 2^d` with `d = r + e - 1 - F`, where TFLM multiplies by `M / 2^31` and shifts by `e`. It
rounds once where TFLM rounds twice, and loses `d` bits of M. But it never falls, as TFLM's output never does. So the
two are the same for every accumulator if they are on both sides of each of the at most 255 steps, and at both ends:
that gives the bounds for C.

Where negative accumulators saturate (an output zero point of -128), some C is right for nearly every channel: TFLM's
first rounding comes to `2^(r - 2 - d)`, an integer where d is 0 and r at least 2, and then there is nothing to doubt.
Ties of other negative accumulators go away from zero: no C gives that. One F suits most layers, so that they run in the
same code; the largest that is possible cuts the fewest bits of M.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tinyprune.arithmetic import Int64, Requant, requantize
from tinyprune.ir import Graph, Weighted
from tinyprune.kernels.kernel import as_scaled
from tinyprune.kernels.proofs import INT8, largest_products, right_requant_problem
from tinyprune.kernels.staircase import steps_between
from tinyprune.reference import convolution

FRACTION = 12  # TP_LEVEL_FRACTION: right for most layers, which then run in the same code
LARGEST_FRACTION = 22  # an addend must stay an int32
RAISED_UNCUT = 8  # bits: with more the first rounding, 2^(r - 2 - d), is no int8 unless bits of M are cut
UNBOUNDED = np.int64(1) << 40


@dataclass(frozen=True, eq=False)
class Level:
    """M' and what C has beyond `(2 * zero_point + 1) * 2^(fraction - 1)`, (channels,) each, to be stored in the places
    of TFLM's multipliers and shifts; or why there are none, and then `fraction` is 0."""

    words: Requant
    fraction: int
    problem: str = ""


def level(layer: Weighted, graph: Graph, raised: int | tuple[int, ...], any_fraction: bool) -> Level:
    """The words of each channel for accumulators times 2**raised, one for all or one a channel; the clamp is int8's.
    With FRACTION, or where that is not right, and `any_fraction`, with the largest that there may be."""
    source, target = graph.tensors[layer.input], graph.tensors[layer.output]
    to = convolution.layer_requant(layer, source, target)
    bias, products = convolution.kernel_bias(layer, source), largest_products(layer)
    columns = np.broadcast_arrays(to.multiplier, to.shift, raised, bias)[:3]
    channels = tuple(zip(*(column.tolist() for column in columns), strict=True))
    return _level(
        channels, tuple((bias - products).tolist()), tuple((bias + products).tolist()), target.zero_point, any_fraction
    )


def common_shift(layer: Weighted, graph: Graph, raised: int, any_fraction: bool = True) -> int:
    """The fraction, or 0 where the kernel must requantize as TFLM does."""
    return level(layer, graph, raised, any_fraction).fraction


def requant(layer: Weighted, graph: Graph, raised: int, any_fraction: bool = True) -> Requant:
    """`Kernel.requant` of a kernel that requantizes in either way."""
    found = level(layer, graph, raised, any_fraction)
    return as_scaled(layer, graph) if found.problem else found.words


def requant_problem(layer: Weighted, graph: Graph, raised: int, any_fraction: bool = True) -> str:
    """Why such a kernel can requantize neither way; "" where it can."""
    return "" if common_shift(layer, graph, raised, any_fraction) else right_requant_problem(layer, graph)


@lru_cache(maxsize=256)
def _level(
    channels: tuple[tuple[int, int, int], ...],
    least: tuple[int, ...],
    most: tuple[int, ...],
    zero_point: int,
    any_fraction: bool,
) -> Level:
    """`channels`: multiplier, shift, raised. Cached: each variant of a layer asks again."""
    columns: Int64 = np.array(channels, np.int64).T
    multiplier, shift, raised = columns[0], columns[1], columns[2]
    low, high = np.array(least, np.int64), np.array(most, np.int64)
    if (np.maximum(abs(low), abs(high)) << raised >= 1 << 31).any():
        return _refused(f"an accumulator may reach 2^31 when it is raised by {raised.max()} bits")
    uncut = np.minimum(raised, RAISED_UNCUT) - shift - 1
    largest = int(min(uncut[multiplier > 0], default=LARGEST_FRACTION))
    fractions = [FRACTION, min(largest, LARGEST_FRACTION)] if any_fraction else [FRACTION]
    fractions = [fraction for fraction in fractions if 1 <= fraction <= largest]
    if not fractions:
        return _refused(f"its requantization shifts by {shift.max()}, too little for accumulators so raised")
    to = Requant(multiplier.astype(np.int32), shift.astype(np.int32))
    steps = steps_between(to, low, high, zero_point, INT8)
    points = np.clip(np.concatenate([steps - 1, steps, [low, high]]), low, high)
    stairs = _Stairs(points << raised, np.clip(requantize(points, to) + zero_point, *INT8), multiplier, raised - shift)
    tried = (_words(stairs, fraction, zero_point) for fraction in fractions)
    refused = _refused("at a common shift no constants give the exact rounding of some output channel")
    return next((level for level in tried if level), refused)


@dataclass(frozen=True, eq=False)
class _Stairs:
    """The accumulators at both sides of each step, raised, and the outputs that they give, (points, channels)."""

    points: Int64
    outputs: Int64
    multiplier: Int64
    right: Int64  # the bits by which the multiplier, times a raised accumulator, is above an output


def _words(stairs: _Stairs, fraction: int, zero_point: int) -> Level | None:
    """M', rounded down or up, and C of each channel; None where some channel has none."""
    cut: Int64 = np.clip(stairs.right - 1 - fraction, 0, 63)
    base = (2 * zero_point + 1) << (fraction - 1)
    down: Int64 = stairs.multiplier >> cut
    up: Int64 = -(-stairs.multiplier >> cut)
    lower, lower_right = _addends(stairs, down, fraction, base)
    upper, upper_right = _addends(stairs, up, fraction, base)
    if not (lower_right | upper_right).all():
        return None
    chosen: Int64 = np.where(lower_right, down, up)
    addend: Int64 = np.where(lower_right, lower, upper)
    return Level(Requant(chosen.astype(np.int32), addend.astype(np.int32)), fraction)


def _addends(stairs: _Stairs, multiplier: Int64, fraction: int, base: int) -> tuple[Int64, NDArray[np.bool_]]:
    """What to add to `base` for each channel, as near to 0 as may be, and whether that is right at all of its
    points, (points, channels), and an int8."""
    outputs, high = stairs.outputs, (stairs.points * multiplier >> 32) + base
    least = np.where(outputs > INT8[0], (outputs << fraction) - high, -UNBOUNDED).max(axis=0)
    most = np.where(outputs < INT8[1], ((outputs + 1) << fraction) - 1 - high, UNBOUNDED).min(axis=0)
    addend = np.clip(0, least, np.maximum(least, most))
    return addend, (addend <= most) & (addend >= INT8[0]) & (addend <= INT8[1])


def _refused(problem: str) -> Level:
    return Level(Requant(np.zeros(0, np.int32), np.zeros(0, np.int32)), 0, problem)
