"""Sums of two scales by two multiplications (`tp_sum_level_s8`), proved for every pair of inputs.

TFLM rescales each input to a common scale, adds, and rescales the sum, three roundings in all. Here an output is
`a * A + b * B + C`, with FRACTION bits of fraction, rounded down and saturated: A and B are what TFLM multiplies by in
all, and C holds the zero points. As that rounds once, C is sought with which each of the 65,536 pairs of inputs gives
TFLM's output; each of them bounds it from below and from above. Where ties are rounded away from zero on both sides
there may be none.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tinyprune.arithmetic import Requant
from tinyprune.ir import Binary, Graph, Layer, layer_inputs
from tinyprune.kernels.kernel import Kernel
from tinyprune.kernels.proofs import INT8, clamp_problem
from tinyprune.reference import elementwise
from tinyprune.reference.elementwise import ADD_LEFT_SHIFT

FRACTION = 21  # TP_SUM_FRACTION
RAISED = 24  # bits, of inputs: the high word of a product with a multiplier is 2**-8 of the product of an input
INT32 = np.iinfo(np.int32)


@dataclass(frozen=True)
class SumLevel:
    """The members of the C structure `tp_sum_level`; `problem` is "" where they are right."""

    input_multiplier: int
    other_multiplier: int
    addend: int
    problem: str


def sum_level(layer: Binary, graph: Graph) -> SumLevel:
    of = elementwise.operands(layer, graph)
    to, sign = elementwise.sum_requant(layer, of)
    first, second = _multiplier(to.input, to.output), sign * _multiplier(to.other, to.output)
    if max(first, abs(second)) > INT32.max:
        return SumLevel(0, 0, 0, "a multiplier of its inputs exceeds 32 bits")
    values = np.arange(-128, 128, dtype=np.int64)
    raised = values << RAISED
    sums = (raised * first >> 32)[:, None] + (raised * second >> 32)
    a, b = (values - of.input.zero_point)[:, None], (values - of.other.zero_point)[None, :]
    wanted = np.clip(elementwise.ARITHMETIC[type(layer)](a, b, of) + of.output.zero_point, *INT8)
    least = ((wanted << FRACTION) - sums)[wanted > INT8[0]].max(initial=INT32.min)
    most = ((wanted + 1 << FRACTION) - 1 - sums)[wanted < INT8[1]].min(initial=INT32.max)
    zero = of.input.zero_point * first + of.other.zero_point * second >> 32 - RAISED
    usual = (2 * of.output.zero_point + 1 << FRACTION - 1) - zero
    addend = min(max(usual, int(least)), int(most))
    if least > most:
        return SumLevel(first, second, addend, "no constant gives the exact rounding of every pair of inputs")
    if max(abs(addend), int(abs(sums + addend).max())) > INT32.max:
        return SumLevel(first, second, addend, f"a sum with {FRACTION} bits of fraction exceeds 32 bits")
    return SumLevel(first, second, addend, "")


def _multiplier(inner: Requant, output: Requant) -> int:
    """What an input counts in the output, in units of 2**(RAISED - 32 - FRACTION), rounded."""
    product = int(inner.multiplier[0]) * int(output.multiplier[0])
    right = 62 - int(inner.shift[0]) - int(output.shift[0]) - ADD_LEFT_SHIFT - FRACTION - (32 - RAISED)
    return product + (1 << right >> 1) >> right if right > 0 else product << -right


def _unfit(layer: Layer, graph: Graph) -> str:
    assert isinstance(layer, Binary)
    return clamp_problem(layer.clamp) or sum_level(layer, graph).problem


SUM = Kernel("tp_sum_level_s8", in_place=layer_inputs, needs=frozenset({"dsp"}), unfit=_unfit)
