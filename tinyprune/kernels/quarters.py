"""Fully connected layers without the DSP extension, a byte a weight: four weights in a word (`tp_quarters.h`)."""

from __future__ import annotations

import numpy as np

from tinyprune import ir
from tinyprune.formats import unpack
from tinyprune.ir import Graph, Layer, Weighted
from tinyprune.kernels.kernel import Kernel, Operand
from tinyprune.kernels.staircase import stairs
from tinyprune.kernels.triples import NEEDS

OUTPUTS = 4  # of a word
ROUND = 8  # TP_QUARTERS_ROUND of tp_quarters.h


def _filled_inputs(layer: Layer) -> int:
    assert isinstance(layer, ir.Dense)
    inputs = layer.weights.shape[1]
    return inputs + -inputs % ROUND


def _scratch_bytes(layer: Layer, graph: Graph) -> int:
    """Each input as an int32."""
    return 4 * _filled_inputs(layer)


def _unfit(layer: Layer, graph: Graph) -> str:
    assert isinstance(layer, ir.Dense)
    return stairs(layer, graph).problem


def _operand(layer: Weighted, graph: Graph) -> Operand:
    matrix = unpack(layer.weights)
    filled = np.pad(matrix, ((0, -len(matrix) % OUTPUTS), (0, _filled_inputs(layer) - matrix.shape[1])))
    quarters = filled.reshape(-1, OUTPUTS, filled.shape[1]).astype(np.int64)
    quarters[:, 1:] += 128
    words = (quarters << np.arange(24, -8, -8)[:, None]).sum(axis=1) & 0xFFFFFFFF
    arrays = {"words": words.astype(np.uint32).reshape(-1), "stairs": stairs(layer, graph).words.reshape(-1)}
    return Operand("tp_dense_dense_quarters_weights", arrays)


DENSE_DENSE = Kernel(
    "tp_dense_dense_quarters_s8",
    scratch_bytes=_scratch_bytes,
    needs=NEEDS,
    unfit=_unfit,
    operand=_operand,
)
