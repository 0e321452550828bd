"""Fully connected layers for the DSP extension, four outputs at a time (`tp_h_column.h`)."""

from __future__ import annotations

import numpy as np

from tinyprune import ir
from tinyprune.formats import unpack
from tinyprune.ir import Graph, Int8, Layer, Weighted
from tinyprune.kernels.h_packing import CHANNELS, halves, halves_problem
from tinyprune.kernels.kernel import Kernel, Operand, flash_or_sram
from tinyprune.kernels.proofs import accumulator_problem, products_problem, right_requant_problem

QUAD = 4  # inputs at a time


def sums_bytes(layer: Layer, graph: Graph) -> int:
    """An int32 for each output, in whole groups."""
    assert isinstance(layer, ir.Dense)
    outputs = layer.weights.shape[0]
    return 4 * (outputs + -outputs % CHANNELS)


def _unfit(layer: Layer, graph: Graph) -> str:
    assert isinstance(layer, ir.Dense)
    problem = halves_problem(unpack(layer.weights)) or products_problem(layer, 23)
    return problem or accumulator_problem(layer, graph, 29) or right_requant_problem(layer, graph)


def _dense_operand(layer: Weighted, graph: Graph) -> Operand:
    return Operand("", {"halves": halves(_quads(unpack(layer.weights)))})


def _quads(matrix: Int8) -> Int8:
    """(outputs, inputs) filled up with zeros, to (outputs, 1, inputs); of each four inputs in the order 0, 2, 1, 3."""
    outputs, inputs = matrix.shape
    whole = np.pad(matrix, ((0, -outputs % CHANNELS), (0, -inputs % QUAD)))
    return whole.reshape(len(whole), -1, 2, 2).swapaxes(2, 3).reshape(len(whole), 1, -1)


def _dense_bytes(layer: Layer, graph: Graph) -> int:
    """Ahead of the sums the inputs, an int16 each, in whole quads."""
    assert isinstance(layer, ir.Dense)
    inputs = layer.weights.shape[1]
    return 2 * (inputs + -inputs % QUAD) + sums_bytes(layer, graph)


DENSE = Kernel(
    "tp_dense_dense_dsp_s8",
    scratch_bytes=_dense_bytes,
    needs=frozenset({"dsp"}),
    unfit=_unfit,
    operand=_dense_operand,
    places=flash_or_sram,
)
