"""Winograd in integers: exact at the ends of every range, refused beyond them."""

from dataclasses import replace

import numpy as np
import pytest
from host import run_host

from tinyprune import formats, ir, kernels, reference
from tinyprune.ir import Graph, Int8, Padding, Quant, Tensor, Variant, Window
from tinyprune.kernels import winograd
from tinyprune.passes.plan_memory import plan_memory
from tinyprune.passes.verify import verify

KERNEL = "tp_conv2d_winograd_dsp_s8"
SAME = Window((3, 3), padding=Padding(1, 1, 1, 1))


def graph_of(values: Int8, bias: int = 0, window: Window = SAME, zero_point: int = 0) -> Graph:
    """One convolution of a 5x6 input, whose largest accumulators give about 100."""
    outputs, *_, inputs = values.shape
    scale = 100 / (abs(bias) + 128 * np.abs(values.astype(np.int64)).sum(axis=(1, 2, 3)).max())
    tensors = {
        "x": Tensor("x", (1, 5, 6, inputs), Quant((1.0,), 0)),
        "y": Tensor("y", (1, *window.output(5, 6), outputs), Quant((1.0,), zero_point)),
    }
    weights = formats.pack("dense", values, Quant((scale,), 0))
    layer = ir.Conv2D("conv", "x", "y", weights, np.full(outputs, bias, np.int32), window, (-128, 127))
    return Graph("model", tensors, (layer,), ("x",), ("y",))


def in_winograd(graph: Graph, rows: int = 4) -> Graph:
    (layer,) = graph.layers
    assert isinstance(layer, ir.Conv2D)
    return verify(plan_memory(verify(replace(graph, layers=(replace(layer, variant=Variant(KERNEL, rows)),)))))


def problem(graph: Graph) -> str:
    """Why the layer cannot run so."""
    (layer,) = graph.layers
    (row,) = (row for row in kernels.KERNELS[ir.Conv2D, "dense"] if row.function == KERNEL)
    return row.unfit(layer, graph)


@pytest.mark.parametrize("weight", [-128, 127])
@pytest.mark.parametrize("zero_point", [0, -128])
def test_the_largest_accumulators(weight: int, zero_point: int) -> None:
    """227 * 9 * 128 * 128 is just below 2^25: the largest transformed inputs and weights, and sums far beyond 2^32."""
    graph = graph_of(np.full((5, 3, 3, 227), weight, np.int8), zero_point=zero_point)
    assert not problem(graph)
    random = np.random.default_rng(0)
    inputs = np.stack([np.full((5, 6, 227), -128), np.full((5, 6, 227), 127), random.choice([-128, 127], (5, 6, 227))])
    given = run_host(in_winograd(graph), inputs.astype(np.int8)).output
    np.testing.assert_array_equal(given, reference.output(graph, inputs.astype(np.int8)))


def test_weights_of_any_sign() -> None:
    random = np.random.default_rng(1)
    graph = graph_of(random.choice([-128, 127], (4, 3, 3, 64)).astype(np.int8))
    inputs = random.choice([-128, 127], (6, 5, 6, 64)).astype(np.int8)
    np.testing.assert_array_equal(run_host(in_winograd(graph, 8), inputs).output, reference.output(graph, inputs))


def test_beyond_the_bound() -> None:
    assert "beyond 2^25" in problem(graph_of(np.full((1, 3, 3, 228), -128, np.int8)))
    at_the_bound = 2**25 - 9 * 128
    assert "beyond 2^25" in problem(graph_of(np.ones((1, 3, 3, 1), np.int8), bias=at_the_bound))
    assert not problem(graph_of(np.ones((1, 3, 3, 1), np.int8), bias=at_the_bound - 1))


@pytest.mark.parametrize("window", [Window((3, 3), (2, 1)), Window((3, 3), dilation=(1, 2)), Window((3, 4))])
def test_other_windows_are_refused(window: Window) -> None:
    assert "3x3 windows of stride 1" in problem(graph_of(np.ones((1, *window.size, 1), np.int8), window=window))


def test_the_transform_of_a_window() -> None:
    """The corners of G w G^T see one weight, 36 times; the first input lies in the low halfword."""
    values = np.zeros((1, 3, 3, 2), np.int8)
    values[0, 0, 0], values[0, 2, 2] = (-128, 127), (5, -7)
    words = winograd.transformed(values).reshape(36, 4)
    assert words[0].tolist() == [36 * 127 << 16 | (36 * -128 & 0xFFFF), 0, 0, 0]
    assert words[35].tolist() == [(36 * -7 & 0xFFFF) << 16 | 36 * 5, 0, 0, 0]
    assert not words[5].any() and not words[30].any()
