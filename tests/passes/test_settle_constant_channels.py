"""Channels that are constant and have to stay take nothing from the kernels of the others."""

from dataclasses import replace

import numpy as np
import pytest
from networks import Network, adversarial_inputs, random_network

from tinyprune import formats, ir, kernels, reference
from tinyprune.ir import Graph, Quant
from tinyprune.kernels import variants
from tinyprune.passes.settle_constant_channels import settle_constant_channels
from tinyprune.passes.simplify import simplify

EMPTIED = 3


def emptied(kind: str) -> Graph:
    """A layer, of which a converter wrote a channel without weights, added to its input."""
    net = Network((1, 6, 6, 8), zero_point=-7)
    output = net.depthwise(net.input, 1) if kind == "depthwise" else net.conv(net.input, 8)
    graph = net.graph(net.add(net.input, output))
    layer = graph.layers[0]
    assert isinstance(layer, ir.Weighted)
    weights, bias, scale = formats.unpack(layer.weights).copy(), layer.bias.copy(), [*layer.weights.quant.scale]
    np.moveaxis(weights, 3 if kind == "depthwise" else 0, 0)[EMPTIED] = 0
    bias[EMPTIED], scale[EMPTIED] = 1 << 30, 1e-8
    packed = formats.pack("dense", weights, Quant(tuple(scale), 0))
    return replace(graph, layers=(replace(layer, weights=packed, bias=bias), *graph.layers[1:]))


@pytest.mark.parametrize("kind", ["conv", "depthwise"])
def test_an_emptied_channel_does_not_keep_a_layer_from_fast_kernels(kind: str) -> None:
    graph, dsp = emptied(kind), frozenset({"dsp"})
    small = simplify(graph)
    before, after = (
        {one.kernel for one in variants(some.layers[0], some, dsp) if "_dsp_" in one.kernel} for some in (graph, small)
    )
    assert not before and after
    for function, why in kernels.refusals(graph.layers[0], graph, dsp).items():
        assert "_dsp_" in function and "accumulator" in why
    assert kernels.refusals(graph.layers[0], graph, dsp)
    assert not any("accumulator" in why for why in kernels.refusals(small.layers[0], small, dsp).values())
    assert not kernels.refusals(graph.layers[0], graph, frozenset())
    inputs = adversarial_inputs(graph)
    values, settled = reference.run(graph, inputs), reference.run(small, inputs)
    for name in small.tensors:
        np.testing.assert_array_equal(settled[name], values[name], name)


@pytest.mark.parametrize("seed", range(20))
def test_no_value_of_any_tensor_changes(seed: int) -> None:
    graph = random_network(seed)
    settled, inputs = settle_constant_channels(graph), adversarial_inputs(graph)
    before, after = reference.run(graph, inputs), reference.run(settled, inputs)
    for name in graph.tensors:
        np.testing.assert_array_equal(after[name], before[name], name)


def test_random_networks_have_channels_to_settle() -> None:
    biases = [(random_network(seed), settle_constant_channels(random_network(seed))) for seed in range(20)]
    changed = [
        (a.bias != b.bias).any()
        for before, after in biases
        for a, b in zip(before.layers, after.layers, strict=True)
        if isinstance(a, ir.Weighted) and isinstance(b, ir.Weighted)
    ]
    assert sum(changed) > 20
