"""Fully connected layers whose weights are instructions (`tp_code.h`)."""

from __future__ import annotations

import numpy as np

from tinyprune import ir
from tinyprune.formats import unpack
from tinyprune.ir import Graph, Layer, Weighted
from tinyprune.kernels.kernel import Kernel, Operand
from tinyprune.kernels.staircase import stairs
from tinyprune.reference import convolution

RAISED = 128  # is added to inputs: bytes without a sign


def _scratch_bytes(layer: Layer, graph: Graph) -> int:
    """The raised inputs, in whole words."""
    assert isinstance(layer, ir.Dense)
    inputs = layer.weights.shape[1]
    return inputs + -inputs % 4


def _operand(layer: Weighted, graph: Graph) -> Operand:
    return Operand("", layer.weights.arrays)


def _stairs_unfit(layer: Layer, graph: Graph) -> str:
    assert isinstance(layer, ir.Dense)
    return stairs(layer, graph).problem


def _stairs_operand(layer: Weighted, graph: Graph) -> Operand:
    """The stairs are moved by what raised inputs add to the sums; all of this is modulo 2^32."""
    words = stairs(layer, graph).words.copy()
    added = RAISED * convolution.weight_sums(layer, unpack(layer.weights).astype(np.int64))
    words[:, 0] -= (added & 0xFFFFFFFF).astype(np.uint32)
    return Operand("tp_dense_code_stairs_weights", {**layer.weights.arrays, "stairs": words})


DENSE_CODE = Kernel("tp_dense_code_s8", scratch_bytes=_scratch_bytes, operand=_operand, raised=RAISED)

DENSE_CODE_STAIRS = Kernel(
    "tp_dense_code_stairs_s8",
    scratch_bytes=_scratch_bytes,
    needs=frozenset({"no_dsp"}),
    unfit=_stairs_unfit,
    operand=_stairs_operand,
)
