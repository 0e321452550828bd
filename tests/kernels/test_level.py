"""Requantization at a common shift gives the reference's bits for every accumulator, or is refused."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinyprune import formats
from tinyprune.arithmetic import Int64
from tinyprune.ir import Dense, Graph, Quant, Tensor
from tinyprune.kernels.level import level
from tinyprune.reference import convolution

INPUTS = 24
RAISED = st.sampled_from([0, 1, 6, 8, 9])
WEIGHTS = st.lists(st.sampled_from([-128, -1, 0, 1, 127]) | st.integers(-128, 127), min_size=1, max_size=4)


def graph_of(scales: list[float], zero_point: int, bias: int, weights: list[int]) -> Graph:
    """A layer whose output channels have one weight each, INPUTS times."""
    outputs = len(weights)
    tensors = {"x": Tensor("x", (1, INPUTS), Quant((1.0,), 0))}
    tensors["y"] = Tensor("y", (1, outputs), Quant((1.0,), zero_point))
    matrix = np.repeat(np.array(weights, np.int8)[:, None], INPUTS, axis=1)
    packed = formats.pack("dense", matrix, Quant(tuple(scales), 0))
    layer = Dense("layer", "x", "y", packed, np.full(outputs, bias, np.int32), (-128, 127))
    return Graph("model", tensors, (layer,), ("x",), ("y",))


def layer_of(graph: Graph) -> Dense:
    (layer,) = graph.layers
    assert isinstance(layer, Dense)
    return layer


def levelled(acc: Int64, words: tuple[int, int], raised: int, zero_point: int, fraction: int) -> Int64:
    """What `tp_requantize_level` computes, by its text."""
    constant = (2 * zero_point + 1) * (1 << (fraction - 1)) + words[1]
    product = (acc << raised) * words[0]
    assert abs(constant) + 2**30 < 2**31
    assert abs(acc << raised).max() < 2**31
    return np.clip(((product >> 32) + constant) >> fraction, -128, 127)


def compare(graph: Graph, raised: int | tuple[int, ...]) -> bool:
    """Whether the layer can run so; every accumulator of every channel is compared."""
    layer, target = layer_of(graph), graph.tensors["y"]
    found = level(layer, graph, raised, any_fraction=True)
    if found.problem:
        return False
    weights = formats.unpack(layer.weights)
    to = convolution.layer_requant(layer, graph.tensors["x"], target)
    of_channels = np.broadcast_to(raised, (len(weights),))
    for channel, row in enumerate(weights):
        largest = 128 * INPUTS * abs(int(row[0]))
        acc = np.arange(-largest, largest + 1) + int(layer.bias[channel])
        entry = channel if len(to.multiplier) > 1 else 0
        one = replace(to, multiplier=to.multiplier[entry : entry + 1], shift=to.shift[entry : entry + 1])
        expected = convolution.finish(acc[:, None], one, target, (-128, 127))[:, 0]
        words = int(found.words.multiplier[channel]), int(found.words.shift[channel])
        got = levelled(acc, words, int(of_channels[channel]), target.zero_point, found.fraction)
        np.testing.assert_array_equal(got, expected)
    return True


@settings(max_examples=60, derandomize=True, deadline=None)
@given(st.data(), WEIGHTS, st.integers(-128, 127), st.integers(-70_000, 70_000), RAISED)
def test_every_accumulator(data: st.DataObject, weights: list[int], zero_point: int, bias: int, raised: int) -> None:
    exponents = st.lists(st.floats(-16, 1), min_size=len(weights), max_size=len(weights))
    compare(graph_of([2**x for x in data.draw(exponents)], zero_point, bias, weights), raised)


@pytest.mark.parametrize("raised", [8, 9])
def test_layers_that_saturate_below(raised: int) -> None:
    """An output zero point of -128, and shifts alike: all of these can run so."""
    random = np.random.default_rng(raised)
    for exponent in range(2, 14):
        scales = [float(2.0**-exponent * mantissa) for mantissa in random.uniform(0.5, 1, 4)]
        assert compare(graph_of(scales, -128, int(random.integers(-9000, 9000)), [127, -128, 31, 0]), raised)


def test_one_power_a_channel() -> None:
    """With 2^(13 - e), of at least 4, no bit of a multiplier is lost: it stays as it is."""
    graph = graph_of([0.7 * 2.0**-exponent for exponent in (5, 7, 9, 11)], -128, 77, [127, -128, 90, 5])
    assert compare(graph, (8, 6, 4, 2))
    to = convolution.layer_requant(layer_of(graph), graph.tensors["x"], graph.tensors["y"])
    found = level(layer_of(graph), graph, (8, 6, 4, 2), any_fraction=False)
    np.testing.assert_array_equal(found.words.multiplier, to.multiplier)


def test_one_scale_for_all_channels() -> None:
    assert compare(graph_of([2**-7.3], -128, 5, [100, -100, 3]), 8)


def test_what_cannot_be_proved_is_refused() -> None:
    def problem(graph: Graph, raised: int) -> str:
        return level(layer_of(graph), graph, raised, any_fraction=True).problem

    assert "shifts by" in problem(graph_of([2**0.5], -128, 0, [1]), 1)
    assert "2^31" in problem(graph_of([2**-7.5], -128, 2**23, [1]), 8)
    assert "exact rounding" in problem(graph_of([2**-7], 0, 0, [127]), 8)  # ties of negative accumulators
