"""Constants folded into a bias: the rounding rules, and the ends of int32."""

from dataclasses import replace

import numpy as np
import pytest
from narrowing import ONES, channels, checked, differing, pointwise
from networks import Network, single_rounding

from tinyprune import ir
from tinyprune.arithmetic import requantize
from tinyprune.ir import Graph
from tinyprune.passes.remove_dead_channels import remove_dead_channels
from tinyprune.passes.verify import InvalidGraphError, verify


def test_a_constant_that_depends_on_the_rounding_rule_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    graphs = [rounding_graph(bias) for bias in range(-4000, 4000, 7)]
    kept = [graph for graph in graphs if channels(checked(graph), "t1") == 2]
    assert 0 < len(kept) < len(graphs)
    monkeypatch.setattr("tinyprune.passes.intervals.requantize_rounding_once", requantize)
    naive = [remove_dead_channels(graph) for graph in kept]
    assert all(channels(small, "t1") == 1 for small in naive)
    single_rounding(monkeypatch)
    assert any(differing(graph, small) for graph, small in zip(kept, naive, strict=True))


def rounding_graph(bias: int) -> Graph:
    """Channel 0 of "t1" is a constant: what becomes of `bias`, times 3 * 2**-6, where ties are frequent."""
    net = Network((1, 2, 2, 2), zero_point=0)
    hidden = net.conv(net.input, pointwise(np.array([[0, 0], [90, -80]], np.int8)), [bias, 0])
    first = net.layers[0]
    assert isinstance(first, ir.Conv2D)
    net.layers[0] = replace(first, weights=replace(first.weights, quant=ir.Quant((3 / 64, 0.001), 0)))
    assert hidden == "t1"
    graph = net.graph(net.conv(hidden, pointwise(ONES), [0, 0]))
    last = graph.layers[-1]
    assert isinstance(last, ir.Conv2D)
    fine = replace(last, weights=replace(last.weights, quant=ir.Quant((1.0,), 0)))
    return replace(graph, layers=(graph.layers[0], fine))


@pytest.mark.parametrize("sign", [-1, 1])
def test_a_bias_at_the_end_of_int32_takes_the_fold(sign: int) -> None:
    """The largest bias that `verify` lets through, for a channel whose fold pushes it outwards."""

    def graph(bias: int) -> tuple[Graph, str]:
        net = Network((1, 2, 2, 2), zero_point=-128)
        hidden = net.conv(net.input, pointwise(np.array([[0, 0], [9, -8]], np.int8)), [10**6, 0])
        y = net.conv(hidden, pointwise(np.array([[sign * 127, -sign]], np.int8)), [sign * bias])
        last = net.layers[-1]
        assert isinstance(last, ir.Conv2D)
        net.layers[-1] = replace(last, weights=replace(last.weights, quant=ir.Quant((2.0**-24,), 0)))
        return net.graph(y), hidden

    low, high = 0, 2**31 - 1
    while high - low > 1:
        middle = (low + high) // 2
        try:
            verify(graph(middle)[0])
            low = middle
        except InvalidGraphError:
            high = middle
    one, hidden = graph(low)
    assert low > 2**31 - 100_000
    small = checked(one)
    assert channels(small, hidden) == 1
    last, before = small.layers[-1], one.layers[-1]
    assert isinstance(last, ir.Conv2D)
    assert isinstance(before, ir.Conv2D)
    assert sign * (int(last.bias[0]) - int(before.bias[0])) == 127 * 255
