"""Sums of two scales by tables (`tp_sum_tables_s8`): two loads in place of two multiplications of 64 bits.

TFLM rescales each input to a common scale, adds, and rescales the sum, three roundings in all. Here each of the 256
values of an input has its term, on the scale of the output, with as many bits of fraction as an int32 holds. Terms are
rounded, so constants have to be found with which every pair of inputs gives the reference's output. There are 65,536
pairs, and each of them bounds one of two constants from below and from above: that for sums below 0, or that for
others, as ties are rounded away from zero.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tinyprune.arithmetic import Int64, Requant, requantize
from tinyprune.ir import Binary, Graph, Int32, Layer, layer_inputs
from tinyprune.kernels.kernel import Kernel
from tinyprune.reference import elementwise
from tinyprune.reference.elementwise import ADD_LEFT_SHIFT, Operands

BITS = 30  # of sums, and of constants: together they stay in 31
LARGEST_FRACTION = 21  # of constants up to 256 outputs
TABLE_BYTES = 2 * 256 * 4


@dataclass(frozen=True, eq=False)
class SumTables:
    """The members of the C structure `tp_sum_tables`; `problem` is "" where they are right."""

    input: Int32  # (256,)
    other: Int32
    above: int
    below: int
    fraction: int
    problem: str


def sum_tables(layer: Binary, graph: Graph) -> SumTables:
    of = elementwise.operands(layer, graph)
    bytes_ = np.arange(256, dtype=np.int64)
    values = bytes_ - 256 * (bytes_ >= 128)
    a, b = values - of.input.zero_point, values - of.other.zero_point
    first, second, output = _terms(layer, a, b, of)
    fraction = _fraction(first, second, output)
    table, other = _scaled(first, output, fraction), _scaled(second, output, fraction)
    sums = table[:, None] + other
    plain = elementwise.ARITHMETIC[type(layer)](a[:, None], b[None, :], of) + of.output.zero_point
    wanted = np.clip(plain, *layer.clamp) - layer.clamp[0]
    usual = (of.output.zero_point - layer.clamp[0] << fraction) + (1 << fraction >> 1)
    most = layer.clamp[1] - layer.clamp[0]
    negative = sums < 0
    above, below = (_constant(sums, wanted, chosen, most, fraction, usual) for chosen in (~negative, negative))
    exact = np.clip(sums + np.where(negative, below, above) >> fraction, 0, most) == wanted
    wrong = int(np.count_nonzero(~exact)) if max(abs(above), abs(below)) < 1 << BITS else exact.size
    problem = f"no constants of 32 bits give the exact rounding of {wrong:,} pairs of inputs" if wrong else ""
    return SumTables(table.astype(np.int32), other.astype(np.int32), above, below, fraction, problem)


def _terms(layer: Binary, a: Int64, b: Int64, of: Operands) -> tuple[Int64, Int64, Requant]:
    """What each value of an input adds on the common scale, (256,), and the multiplier of sums."""
    to, sign = elementwise.sum_requant(layer, of)
    return requantize(a << ADD_LEFT_SHIFT, to.input), sign * requantize(b << ADD_LEFT_SHIFT, to.other), to.output


def _fraction(first: Int64, second: Int64, output: Requant) -> int:
    """As many bits as keep sums below 2**BITS."""
    largest = int(abs(first).max() + abs(second).max()) * int(output.multiplier[0])
    return min(LARGEST_FRACTION, BITS + 31 - int(output.shift[0]) - largest.bit_length())


def _scaled(terms: Int64, output: Requant, fraction: int) -> Int64:
    """`terms` on the scale of the output, with so many bits of fraction, rounded."""
    right = min(31 - int(output.shift[0]) - fraction, 62)
    return terms * int(output.multiplier[0]) + (np.int64(1) << right >> 1) >> right


def _constant(sums: Int64, wanted: Int64, chosen: NDArray[np.bool_], most: int, fraction: int, usual: int) -> int:
    """The constant nearest to the usual one that is right for each chosen pair; any where there is none."""
    least = ((wanted << fraction) - sums)[chosen & (wanted > 0)].max(initial=np.iinfo(np.int64).min)
    highest = ((wanted + 1 << fraction) - 1 - sums)[chosen & (wanted < most)].min(initial=np.iinfo(np.int64).max)
    return min(max(usual, int(least)), int(highest))


def _unfit(layer: Layer, graph: Graph) -> str:
    assert isinstance(layer, Binary)
    return sum_tables(layer, graph).problem


SUM = Kernel("tp_sum_tables_s8", in_place=layer_inputs, needs=frozenset({"no_dsp"}), unfit=_unfit)
