"""Fully connected layers without the DSP extension, a byte a weight (`tp_halves.h`): h-packing without SMLAD."""

from __future__ import annotations

import numpy as np

from tinyprune import ir
from tinyprune.formats import unpack
from tinyprune.ir import Graph, Layer, Weighted
from tinyprune.kernels.h_packing import CHANNELS, halves_problem
from tinyprune.kernels.kernel import Kernel, Operand
from tinyprune.kernels.proofs import products_problem
from tinyprune.kernels.staircase import stairs
from tinyprune.kernels.triples import NEEDS

ROUND = 8  # TP_HALVES_ROUND of tp_halves.h


def _filled_inputs(layer: Layer) -> int:
    assert isinstance(layer, ir.Dense)
    inputs = layer.weights.shape[1]
    return inputs + -inputs % ROUND


def _scratch_bytes(layer: Layer, graph: Graph) -> int:
    """Each input as an int32."""
    return 4 * _filled_inputs(layer)


def _unfit(layer: Layer, graph: Graph) -> str:
    assert isinstance(layer, ir.Dense)
    return halves_problem(unpack(layer.weights)) or products_problem(layer, 23) or stairs(layer, graph).problem


def _operand(layer: Weighted, graph: Graph) -> Operand:
    matrix = unpack(layer.weights)
    filled = np.pad(matrix, ((0, -len(matrix) % CHANNELS), (0, _filled_inputs(layer) - matrix.shape[1])))
    packed = filled[0::2].astype(np.int32) * 256 + filled[1::2]
    pairs = packed.astype(np.uint16).astype(np.uint32).reshape(-1, 2, filled.shape[1])
    words = (pairs[:, 0] | pairs[:, 1] << np.uint32(16)).reshape(-1)
    stair_words = stairs(layer, graph).words.reshape(-1)
    return Operand("tp_dense_dense_halves_weights", {"words": words, "stairs": stair_words})


DENSE_DENSE = Kernel(
    "tp_dense_dense_halves_s8",
    scratch_bytes=_scratch_bytes,
    needs=NEEDS,
    unfit=_unfit,
    operand=_operand,
)
