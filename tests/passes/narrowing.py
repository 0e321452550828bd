"""A graph before and after its dead channels went, compared."""

import numpy as np
from networks import adversarial_inputs

from tinyprune import ir, reference
from tinyprune.ir import Graph, Int8
from tinyprune.passes.contributions import contributions
from tinyprune.passes.intervals import intervals
from tinyprune.passes.live_channels import live_channels
from tinyprune.passes.remove_dead_channels import remove_dead_channels
from tinyprune.passes.verify import verify

ONES = np.array([[1, 1], [1, -1]], np.int8)  # a 1x1 convolution that uses both of two channels


def differing(graph: Graph, small: Graph) -> int:
    """How many values of the output differ."""
    inputs = adversarial_inputs(graph)
    return int((reference.output(graph, inputs) != reference.output(small, inputs)).sum())


def checked(graph: Graph) -> Graph:
    """`graph` without its dead channels; every channel that stayed is as it was, in every tensor."""
    small = verify(remove_dead_channels(verify(graph)))
    live = live_channels(graph, contributions(graph, intervals(graph)))
    inputs = adversarial_inputs(graph)
    before, after = reference.run(graph, inputs), reference.run(small, inputs)
    for name in graph.tensors:
        np.testing.assert_array_equal(before[name][..., live[name]], after[name], name)
    assert [layer.name for layer in small.layers] == [layer.name for layer in graph.layers]
    return small


def channels(graph: Graph, name: str) -> int:
    return graph.tensors[name].shape[-1]


def parameters(graph: Graph) -> int:
    return sum(int(np.prod(layer.weights.shape)) for layer in graph.layers if isinstance(layer, ir.Weighted))


def pointwise(weights: Int8) -> Int8:
    return weights.reshape(len(weights), 1, 1, -1)
