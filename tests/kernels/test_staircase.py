"""Requantization without long multiplications gives the reference's bits for every accumulator, or is refused."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tinyprune import formats
from tinyprune.arithmetic import Int64
from tinyprune.ir import Clamp, Dense, Graph, Quant, Tensor
from tinyprune.kernels.staircase import TWO_PARTS, stairs
from tinyprune.reference import convolution

INPUTS = 40
EDGES = st.sampled_from([-128, -127, -1, 0, 127]) | st.integers(-128, 127)
CLAMPS = st.tuples(EDGES, EDGES).map(lambda pair: (min(pair), max(pair)))


def graph_of(scale: float, zero_point: int, bias: int, weight: int, clamp: Clamp = (-128, 127)) -> Graph:
    """A layer of one output; its weights are all the same."""
    tensors = {"x": Tensor("x", (1, INPUTS), Quant((1.0,), 0)), "y": Tensor("y", (1, 1), Quant((1.0,), zero_point))}
    weights = formats.pack("dense", np.full((1, INPUTS), weight, np.int8), Quant((scale,), 0))
    layer = Dense("layer", "x", "y", weights, np.array([bias], np.int32), clamp)
    return Graph("model", tensors, (layer,), ("x",), ("y",))


def layer_of(graph: Graph) -> Dense:
    (layer,) = graph.layers
    assert isinstance(layer, Dense)
    return layer


def stepped(words: Int64, sums: Int64) -> Int64:
    """What `tp_stair` computes, by its text: 32 bits at a time."""
    start, reach, low, high, offset, middle, zero, below = words
    moved = (sums + start + 2**31) % 2**32 - 2**31
    v = np.clip(moved, 0, reach)
    assert reach * low < 2**32
    if middle == TWO_PARTS:
        output = ((v * low >> 13) + v * high + offset) % 2**32 >> 24
    else:
        inner = ((v * low >> 10) + v * middle) % 2**32
        negative = (v - zero + 2**31) % 2**32 - 2**31 < 0
        output = ((inner >> 10) + v * high + np.where(negative, below, 0) + offset) % 2**32 >> 23
    return (output + 128) % 256 - 128


def compare(graph: Graph) -> bool:
    """Whether the layer can run so; every accumulator is compared."""
    layer = layer_of(graph)
    found = stairs(layer, graph)
    if found.problem:
        return False
    largest = 128 * INPUTS * abs(int(formats.unpack(layer.weights)[0, 0]))
    sums = np.arange(-largest, largest + 1)
    target = graph.tensors["y"]
    to = convolution.layer_requant(layer, graph.tensors["x"], target)
    expected = convolution.finish(sums + int(layer.bias[0]), to, target, layer.clamp)
    np.testing.assert_array_equal(stepped(found.words[0].astype(np.int64), sums), expected)
    return True


@settings(max_examples=60, derandomize=True, deadline=None)
@given(st.floats(-13, 0), EDGES, st.integers(-70_000, 70_000), EDGES, CLAMPS)
def test_every_accumulator(log2_scale: float, zero_point: int, bias: int, weight: int, clamp: Clamp) -> None:
    assert compare(graph_of(2**log2_scale, zero_point, bias, weight, clamp)) or log2_scale > -0.01


def test_ties_are_rounded_away_from_zero_on_both_sides() -> None:
    """A scale of 1/64: each 64th accumulator is a tie."""
    assert compare(graph_of(2**-6, 3, 0, 127))


def test_outputs_that_never_change() -> None:
    assert compare(graph_of(2**-7, 0, 2**28, 1))
    assert compare(graph_of(2**-7, 0, -(2**28), 1))
    assert compare(graph_of(2**-7, 0, 0, 0))
    assert compare(graph_of(2**-7, 0, 0, 127, (5, 5)))


def test_what_cannot_be_proved_is_refused() -> None:
    def problem(graph: Graph) -> str:
        return stairs(layer_of(graph), graph).problem

    assert "shifts to the left" in problem(graph_of(1.5, 0, 0, 1))
    assert "2^30" in problem(graph_of(2**-7, 0, 2**30, 1))
    graph = graph_of(2**-16, 0, 0, 127)
    wide = replace(layer_of(graph), bias=np.array([2**29], np.int32))
    assert not problem(graph)
    assert not problem(replace(graph, layers=(wide,)))  # its outputs never change
    inputs = 1000
    tensors = {**graph.tensors, "x": Tensor("x", (1, inputs), Quant((1.0,), 0))}
    weights = formats.pack("dense", np.full((1, inputs), 127, np.int8), Quant((2**-16,), 0))
    layer = replace(layer_of(graph), weights=weights)
    assert "beyond 4,194,303" in stairs(layer, replace(graph, tensors=tensors, layers=(layer,))).problem
