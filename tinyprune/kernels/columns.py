"""Fully connected layers column by column: one whose input is the zero point adds nothing, and is left out.

How long that takes depends on the input, so what is measured on one says little about another: the chooser takes such a
kernel only where its format is asked for.
"""

from __future__ import annotations

import numpy as np

from tinyprune.formats import unpack
from tinyprune.ir import Graph, Layer, Weighted
from tinyprune.kernels.kernel import Kernel, Operand


def _sums_bytes(layer: Layer, graph: Graph) -> int:
    """An int32 for each output."""
    assert isinstance(layer, Weighted)
    return 4 * layer.weights.shape[0]


def _operand(layer: Weighted, graph: Graph) -> Operand:
    """The arrays of the format, and what puts the zero point, which is folded into the bias, back."""
    zero_point = graph.tensors[layer.input].zero_point
    zero_sums = zero_point * unpack(layer.weights).astype(np.int64).sum(axis=1)
    arrays = {**layer.weights.arrays, "zero_sums": zero_sums.astype(np.int32)}
    return Operand("tp_csc_weights", arrays, {"input_zero_point": zero_point})


DENSE_CSC = Kernel("tp_dense_csc_s8", scratch_bytes=_sums_bytes, operand=_operand)
