"""A depthwise convolution of one channel becomes a convolution with the same outputs; of more channels, it stays."""

import numpy as np
import pytest
from host import run_host
from moving import Moving
from networks import adversarial_inputs

from tinyprune import ir, reference
from tinyprune.ir import Graph
from tinyprune.passes.plan_memory import plan_memory
from tinyprune.passes.unify_convolutions import unify_convolutions
from tinyprune.passes.verify import verify


def depthwise(channels: int, multiplier: int, stride: int = 1) -> Graph:
    net = Moving((1, 7, 6, channels), seed=multiplier, zero_point=-20)
    return net.graph(net.valid(net.input, 3, multiplier, depthwise=True, stride=stride))


@pytest.mark.parametrize("multiplier", [1, 2, 8])
@pytest.mark.parametrize("stride", [1, 2])
def test_of_one_channel_it_is_a_convolution(multiplier: int, stride: int) -> None:
    graph = depthwise(1, multiplier, stride)
    unified = verify(unify_convolutions(graph))
    (layer,) = unified.layers
    assert isinstance(layer, ir.Conv2D)
    inputs = adversarial_inputs(graph)
    expected = reference.output(graph, inputs)
    np.testing.assert_array_equal(reference.output(unified, inputs), expected)
    np.testing.assert_array_equal(run_host(plan_memory(unified), inputs).output, expected)


def test_of_more_channels_it_stays() -> None:
    graph = depthwise(2, 4)
    assert unify_convolutions(graph).layers == graph.layers
