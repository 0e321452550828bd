"""Requantization without a long multiplication (`tp_staircase.h`), proved for every accumulator of each channel.

An output is a staircase of its accumulator: it never falls, and has at most 255 steps. The kernel computes another one,
`floor((M * v + C) / 2^37)` with `v` the accumulator, moved and clamped to where outputs change. It never falls either.
So the two are equal for every accumulator if they are on both sides of each step, and at the ends: that gives the
bounds for C. Where no C is within them, `2^43` takes the place of `2^37`, and C is one constant for negative
accumulators and one for others.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tinyprune.arithmetic import Int64, Requant, requantize
from tinyprune.ir import Clamp, Graph, Weighted
from tinyprune.kernels.proofs import accumulator_problem, largest_products
from tinyprune.reference import convolution

MIDDLE = 5  # TP_STAIR_MIDDLE of tp_staircase.h
TWO_PARTS = 0xFFFFFFFF  # in the place of the middle part
LARGEST_RANGE = (1 << 22) - 1  # of v with three parts: its products with a part stay in 32 bits
ACCUMULATOR_BITS = 30  # two of them differ by an int32


@dataclass(frozen=True, eq=False)
class Stairs:
    """Eight words a channel, as `tp_stair` has them, (channels, 8); `problem` is "" where they are right."""

    words: NDArray[np.uint32]
    problem: str

    @property
    def in_two_parts(self) -> bool:
        """Whether all channels' multipliers have two parts."""
        return bool((self.words[:, MIDDLE] == TWO_PARTS).all())


def stairs(layer: Weighted, graph: Graph) -> Stairs:
    """The words of each channel, to be added to sums of products without the bias."""
    source, target = graph.tensors[layer.input], graph.tensors[layer.output]
    problem = accumulator_problem(layer, graph, ACCUMULATOR_BITS)
    to = convolution.layer_requant(layer, source, target)
    if not problem and int(to.shift.max()) > 0:  # outputs could jump beyond their range, where nothing clamps them
        problem = f"its requantization shifts to the left, by {to.shift.max()}"
    if problem:
        return Stairs(np.zeros((0, 8), np.uint32), problem)
    bias, products = convolution.kernel_bias(layer, source), largest_products(layer)
    columns = tuple(zip(to.multiplier.tolist(), to.shift.tolist(), strict=True))
    return _stairs(columns, tuple(bias.tolist()), tuple(products.tolist()), target.zero_point, layer.clamp)


@lru_cache(maxsize=256)
def _stairs(
    scales: tuple[tuple[int, int], ...], bias: tuple[int, ...], products: tuple[int, ...], zero_point: int, clamp: Clamp
) -> Stairs:
    """Cached: each variant of a layer asks again."""
    to = Requant(*np.array(scales, np.int32).T)
    least_sum, most_sum = (np.array(bias, np.int64) + sign * np.array(products, np.int64) for sign in (-1, 1))
    steps = steps_between(to, least_sum, most_sum, zero_point, clamp)
    low = np.clip(steps[0] - 1, least_sum, most_sum)
    high = np.clip(steps[-1], low, most_sum)
    ends = np.broadcast_to(np.array([[-1], [0]]), (2, len(low)))
    points = np.clip(np.concatenate([steps - 1, steps, ends]), low, high)
    base = clamp[0] & 0xFF  # so that the low byte of what is computed is the output
    wanted = np.clip(requantize(points, to) + zero_point, *clamp) - clamp[0] + base
    start = np.array(bias, np.int64) - low
    two, three = (fit(to, points, wanted, low, high) for fit in (_two_parts, _three_parts))
    words = np.where(two.exact[:, None], two.words, three.words)
    words = np.concatenate([start[:, None], (high - low)[:, None], words], axis=1)
    return Stairs((words & 0xFFFFFFFF).astype(np.uint32), _problem(high - low, two.exact | three.exact))


def steps_between(to: Requant, low: Int64, high: Int64, zero_point: int, clamp: Clamp) -> Int64:
    """The smallest accumulator that gives at least clamp[0] + 1, + 2, ... clamp[1], (steps, channels): found by
    bisection between `low` and `high`, (channels,); one beyond where there is none."""
    levels = np.arange(clamp[0] + 1, max(clamp[1], clamp[0] + 1) + 1)[:, None]
    below = np.broadcast_to(low - 1, (len(levels), len(low)))
    reached = np.broadcast_to(high + 1, below.shape)
    while np.any(reached - below > 1):
        middle = (below + reached) >> 1
        enough = np.clip(requantize(middle, to) + zero_point, *clamp) >= levels
        below, reached = np.where(enough, below, middle), np.where(enough, middle, reached)
    return reached


@dataclass(frozen=True, eq=False)
class _Fit:
    """Words behind the range, (channels, 6), and whether they are right, (channels,)."""

    words: Int64
    exact: NDArray[np.bool_]


def _two_parts(to: Requant, points: Int64, wanted: Int64, low: Int64, high: Int64) -> _Fit:
    """13 bits and the remaining ones; one constant. Arguments as `points` (points, channels) or `low` (channels,)."""
    multiplier = _multiplier(to, 24 + 13)
    constant = _constant(wanted, multiplier * (points - low), 13, 24, np.ones(points.shape, np.bool_))
    unused = np.zeros_like(low)
    words = [multiplier & 0x1FFF, multiplier >> 13, constant.value, unused + TWO_PARTS, unused, unused]
    return _Fit(_columns(words, low), constant.exact & (high - low < 1 << 19))


def _three_parts(to: Requant, points: Int64, wanted: Int64, low: Int64, high: Int64) -> _Fit:
    """10 bits, 10 bits and the remaining ones; a constant for each sign of the accumulator."""
    multiplier = _multiplier(to, 23 + 20)
    exact = multiplier * (points - low)
    rising, falling = (_constant(wanted, exact, 20, 23, chosen) for chosen in (points >= 0, points < 0))
    above = np.where(rising.used, rising.value, falling.value)
    below = np.where(falling.used, falling.value, rising.value)
    words = [multiplier & 0x3FF, multiplier >> 20, above, multiplier >> 10 & 0x3FF, -low, below - above]
    right = (rising.exact | ~rising.used) & (falling.exact | ~falling.used)
    return _Fit(_columns(words, low), right & (high - low <= LARGEST_RANGE))


def _columns(words: list[Int64], channels: Int64) -> Int64:
    """(channels, words), also where a layer has one multiplier for all channels."""
    return np.stack([np.broadcast_to(word, channels.shape) for word in words], axis=1)


def _multiplier(to: Requant, fraction: int) -> Int64:
    """The real multiplier times 2**fraction, rounded where it is no integer."""
    multiplier, shift = to.multiplier.astype(np.int64), to.shift.astype(np.int64) + fraction - 31
    right = np.maximum(-shift, 0)
    return ((multiplier << np.maximum(shift, 0)) + ((np.int64(1) << right) >> 1)) >> right


@dataclass(frozen=True, eq=False)
class _Constants:
    """One a channel; `used` where an accumulator has that sign, `exact` where it is right."""

    value: Int64
    used: NDArray[np.bool_]
    exact: NDArray[np.bool_]


def _constant(wanted: Int64, product: Int64, cut: int, fraction: int, chosen: NDArray[np.bool_]) -> _Constants:
    """The least constant with which (product + (constant << cut)) >> (fraction + cut) is what is wanted at each chosen
    point, (points, channels)."""
    least = (wanted << (fraction + cut)) - product
    most = least + (1 << (fraction + cut)) - 1
    lowest = np.where(chosen, least, np.iinfo(np.int64).min >> 1).max(axis=0)
    highest = np.where(chosen, most, np.iinfo(np.int64).max >> 1).min(axis=0)
    value = -(-lowest >> cut)
    return _Constants(value, chosen.sum(axis=0) > 0, value << cut <= highest)


def _problem(ranges: Int64, exact: NDArray[np.bool_]) -> str:
    if exact.all():
        return ""
    widest = int(ranges.max())
    if widest > LARGEST_RANGE:
        return f"its outputs change over {widest:,} values of an accumulator, beyond {LARGEST_RANGE:,}"
    return "no constants of 32 bits give the exact rounding of some output channel"
