"""Bounds hold: no value of any tensor, on any input, under either rounding rule, lies outside."""

import numpy as np
import pytest
from moving import Moving, random_moving, random_table
from networks import Network, adversarial_inputs, random_network, single_rounding

from tinyprune import ir, reference
from tinyprune.passes import intervals as analysis
from tinyprune.passes.intervals import intervals


@pytest.mark.parametrize("single", [False, True], ids=["double rounding", "single rounding"])
def test_every_value_is_within_its_bounds(single: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if single:
        single_rounding(monkeypatch)
    for graph in (make(seed) for seed in range(100) for make in (random_network, random_moving)):
        known = intervals(graph)
        for name, values in reference.run(graph, adversarial_inputs(graph, 16)).items():
            assert (values >= known[name][0]).all()
            assert (values <= known[name][1]).all()


def test_bounds_are_reached_where_one_layer_can_reach_them() -> None:
    net = Network((1, 1, 1, 3), seed=5)
    y = net.conv(net.input, 4, size=1)
    graph = net.graph(y)
    inputs = np.array(np.meshgrid(*[[-128, 127]] * 3), np.int8).reshape(3, -1).T
    values = reference.output(graph, np.ascontiguousarray(inputs))
    np.testing.assert_array_equal(
        intervals(graph)[y].reshape(2, 4), [values.min(axis=(0, 1, 2)), values.max((0, 1, 2))]
    )


def test_padding_is_the_zero_point() -> None:
    net = Network((1, 3, 3, 1), zero_point=-128)
    y = net.conv(net.input, np.full((1, 3, 3, 1), 10, np.int8), [0])
    bounds = intervals(net.graph(y))[y]
    assert bounds[1, 0, 0, 0, 0] < bounds[1, 0, 1, 1, 0]


def test_of_gigantic_layers_nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    net = Network((1, 4, 4, 2))
    y = net.conv(net.input, np.zeros((2, 3, 3, 2), np.int8))
    graph = net.graph(y)
    assert (intervals(graph)[y][0] == intervals(graph)[y][1]).all()
    monkeypatch.setattr(analysis, "MOST_MACS", ir.macs(graph.layers[0], graph) - 1)
    assert (intervals(graph)[y][0] == -128).all()
    assert (intervals(graph)[y][1] == 127).all()


@pytest.mark.parametrize("seed", range(6))
def test_bounds_of_tables_and_pairs_are_the_tightest(seed: int) -> None:
    """Of every combination of values, whatever the function's shape."""
    random = np.random.default_rng(seed)
    net = Moving((1, 1, 1, 1), zero_point=int(random.integers(-128, 128)))
    low, high = sorted(int(end) for end in random.integers(-128, 128, 2))
    a, quant = net.clamped(net.input, (low, high)), net.tensors[net.input].quant
    constant = net.tensor((1, 1, 1, 3), quant)
    net.constants[constant] = random.integers(-128, 128, (1, 1, 1, 3), np.int8)
    outputs = [net.lookup(a, random_table(random)) for _ in range(3)]
    kinds = (ir.Add, ir.Sub, ir.Mul, ir.Maximum, ir.Minimum, ir.Prelu)
    outputs += [net.binary(kind, *pair, quant) for kind in kinds for pair in ((a, constant), (constant, a))]
    graph = net.graph(outputs[-1])
    values = reference.run(graph, np.arange(-128, 128, dtype=np.int8).reshape(-1, 1, 1, 1))
    known = intervals(graph)
    for name in outputs:
        np.testing.assert_array_equal(known[name][:, 0], [values[name].min(axis=0), values[name].max(axis=0)])
