"""Tables that go: each condition against a pass without it."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from moving import INPUTS, Moving, random_table
from networks import adversarial_inputs

from tinyprune import ir, reference
from tinyprune.ir import Clamp, Graph, Int8, Quant
from tinyprune.passes.fuse_lookups import fuse_lookups
from tinyprune.passes.verify import verify
from tinyprune.reference import lookup

RELU = (-20, 127)  # the zero point is -20
Make = Callable[[Moving], str]
PRODUCERS: dict[str, Make] = {
    "conv": lambda net: net.conv(net.input, 3),
    "depthwise": lambda net: net.depthwise(net.input, 1),
    "dense": lambda net: net.dense(net.input, 5),
    "max_pool": lambda net: net.pool(ir.MaxPool, net.input),
    "average_pool": lambda net: net.pool(ir.AveragePool, net.input),
    **{
        kind.__name__: lambda net, kind=kind: net.binary(kind, net.input, net.input)
        for kind in (ir.Add, ir.Sub, ir.Mul)
    },
    **{kind.__name__: lambda net, kind=kind: net.binary(kind, net.input, net.input) for kind in (ir.Maximum, ir.Prelu)},
}


def network() -> Moving:
    return Moving((1, 4, 5, 2), zero_point=-20)


def differing(graph: Graph, other: Graph) -> int:
    inputs = adversarial_inputs(graph, 16)
    return int((reference.output(graph, inputs) != reference.output(other, inputs)).sum())


def fused(graph: Graph) -> Graph:
    small = verify(fuse_lookups(verify(graph)))
    assert differing(graph, small) == 0
    assert {*small.tensors} == {*small.inputs, *(layer.output for layer in small.layers)}
    return small


@pytest.mark.parametrize("producer", PRODUCERS)
def test_a_clamp_goes_into_the_layer_before_it(producer: str) -> None:
    net = network()
    (layer,) = fused(net.graph(net.clamped(PRODUCERS[producer](net), RELU))).layers
    assert layer.clamp == RELU  # type: ignore[union-attr]


@pytest.mark.parametrize("clamp", [(-50, 50), (-128, 0), (30, 90), (60, 60)])
@pytest.mark.parametrize("second", [(0, 40), (-60, -55), (100, 127), (-128, 127)])
def test_a_clamp_of_a_clamp(clamp: Clamp, second: Clamp) -> None:
    """Also where they have nothing in common."""
    net = network()
    (layer,) = fused(net.graph(net.clamped(net.conv(net.input, 3, clamp=clamp), second))).layers
    assert isinstance(layer, ir.Conv2D)
    assert layer.clamp[0] <= layer.clamp[1]


def naive(graph: Graph, low: int) -> Graph:
    """The last layer of `graph` as a clamp of the one before, whatever it is."""
    conv, table = graph.layers[-2:]
    assert isinstance(conv, ir.Conv2D)
    clamped = replace(conv, output=table.output, clamp=(low, 127))
    return verify(replace(graph, layers=(*graph.layers[:-2], clamped)))


def test_a_relu_that_rescales_stays() -> None:
    net = network()
    hidden = net.conv(net.input, 3)
    quant = Quant((0.3,), -128)
    graph = net.graph(net.lookup(hidden, lookup.relu(net.tensors[hidden].quant, quant), quant))
    assert len(fused(graph).layers) == 2
    assert differing(graph, naive(graph, -128))


def test_a_table_that_is_a_clamp_by_chance_stays() -> None:
    """Two scales so near that the table rescales nothing; a convolution that went straight to the second rounds
    differently."""
    net = network()
    hidden = net.conv(net.input, 16)
    quant = Quant((0.5 * 1.003,), -20)
    table = lookup.relu(net.tensors[hidden].quant, quant)
    assert lookup.clamp_of(table) == RELU
    graph = net.graph(net.lookup(hidden, table, quant))
    assert len(fused(graph).layers) == 2
    assert differing(graph, naive(graph, -20))


def test_what_others_need_is_not_clamped() -> None:
    net = network()
    hidden = net.conv(net.input, 3)
    clamped = net.clamped(hidden, RELU)
    both = net.add(hidden, clamped)
    assert len(fused(net.graph(both)).layers) == 3
    assert len(fuse_lookups(net.graph(clamped, hidden)).layers) == 3


@pytest.mark.parametrize("alpha", [0.1, -0.5])
def test_what_is_no_clamp_stays(alpha: float) -> None:
    net = network()
    hidden = net.conv(net.input, 3)
    quant = net.tensors[hidden].quant
    graph = net.graph(net.lookup(hidden, lookup.leaky_relu(quant, quant, alpha)))
    assert len(fused(graph).layers) == 2
    assert differing(graph, naive(graph, -20))


def test_what_has_no_clamp_keeps_its_table() -> None:
    net = network()
    graph = net.graph(net.clamped(net.mean(net.input), RELU))
    assert len(fused(graph).layers) == 2


def test_tables_of_tables_are_one() -> None:
    for seed in range(20):
        random = np.random.default_rng(seed)
        net = network()
        x = net.mean(net.input)
        for _ in range(4):
            x = net.lookup(x, random_table(random), Quant((float(random.uniform(0.1, 1)),), 3))
        assert len(fused(net.graph(x)).layers) == 2


def test_a_table_of_tables_may_be_a_clamp() -> None:
    """Of two tables that are none."""
    net = network()
    hidden = net.conv(net.input, 3)
    flipped: Int8 = (-1 - INPUTS).astype(np.int8)
    once = net.lookup(hidden, np.minimum(flipped, 50))
    graph = net.graph(net.clamped(net.lookup(once, flipped), (-128, 90)))
    small = fused(graph)
    assert len(small.layers) == 2
    (layer,) = fused(small).layers
    assert isinstance(layer, ir.Conv2D)
    assert layer.clamp == (-51, 90)
