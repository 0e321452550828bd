"""What is not measured cannot be chosen: the best of all dense always can be."""

from dataclasses import replace

import numpy as np
import pytest

from tinyprune import board, formats, ir, toolchain
from tinyprune.ir import Graph, Quant, Tensor, Window
from tinyprune.passes.candidates import Candidate, Cost, candidates
from tinyprune.tuning.promising import finalists, representatives, worth_a_try
from tinyprune.tuning.tune import Setting

BOARD = board.load("stm32f4")


def convolution(inputs: int, nonzeros: int, size: int = 8) -> Graph:
    """1x1, 16 outputs, of which as many inputs have a weight, at `size` times `size` positions."""
    values = np.zeros((16, 1, 1, inputs), np.int8)
    values[..., :nonzeros] = 3
    weights = formats.pack("dense", values, Quant((0.01,), 0))
    layer = ir.Conv2D("conv", "x", "y", weights, np.zeros(16, np.int32), Window((1, 1)), (-128, 127))
    tensors = {name: Tensor(name, (1, size, size, n), Quant((1.0,), 0)) for name, n in (("x", inputs), ("y", 16))}
    return Graph("one", tensors, (layer,), ("x",), ("y",))


@pytest.mark.parametrize("nonzeros", [0, 1, 8])
@pytest.mark.parametrize("bytes_matter", [False, True])
def test_as_many_dense_ones_are_measured_as_where_dense_is_asked_for(nonzeros: int, bytes_matter: bool) -> None:
    graph = convolution(64, nonzeros)
    layer = graph.layers[0]
    assert isinstance(layer, ir.Weighted)
    free = Setting(BOARD, toolchain.find(), True, bytes_matter=bytes_matter)
    dense = replace(free, format="dense").candidates(layer, graph)
    assert len(dense) > 3
    assert [one for one in free.candidates(layer, graph) if one.format == "dense"] == dense


@pytest.mark.parametrize(("size", "is_measured"), [(1, True), (8, False)])
def test_plain_c_may_win_where_there_is_little_to_do(size: int, is_measured: bool) -> None:
    graph = convolution(64, 64, size)
    layer = graph.layers[0]
    assert isinstance(layer, ir.Weighted)
    some = worth_a_try(layer, graph, candidates(layer, graph, BOARD.features, "dense"), bytes_matter=False)
    assert ("tp_conv2d_dense_s8" in {one.kernel for one in some}) == is_measured


def test_strips_of_dense_kernels_stay_beside_a_sparse_one_that_wins() -> None:
    graph = convolution(64, 8)
    layer = graph.layers[0]
    assert isinstance(layer, ir.Weighted)
    some = candidates(layer, graph, BOARD.features)
    left = finalists(some, [_cost(one) for one in representatives(some)], bytes_matter=False)
    kernels = {(one.format, one.kernel) for one in left if one.rows == 8}
    assert ("dense", "tp_conv2d_dense_dsp_s8") in kernels and ("csr", "tp_conv2d_csr_dsp_s8") in kernels
    assert ("bsr_2x2", "tp_conv2d_bsr_2x2_dsp_s8") not in kernels


def _cost(one: Candidate) -> Cost:
    """CSR takes a tenth of the time of all others, in any strip."""
    cycles = 100 if one.kernel == "tp_conv2d_csr_dsp_s8" else 1000 if "_dsp_" in one.kernel else 10_000
    return Cost(one.format, one.kernel, one.rows, one.weights, 0, 0, 0, {}, 0, cycles, 0)
