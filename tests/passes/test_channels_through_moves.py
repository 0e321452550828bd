"""Channels that go through layers that move, look up or combine values, each rule against its naive form."""

from dataclasses import replace

import numpy as np
import pytest
from host import run_host
from moving import INPUTS, Moving, random_moving
from narrowing import channels, checked, differing, parameters
from networks import adversarial_inputs, single_rounding

from tinyprune import ir, reference
from tinyprune.ir import Padding
from tinyprune.passes import channel_copies
from tinyprune.passes.masks import Mask
from tinyprune.passes.plan_memory import plan_memory
from tinyprune.passes.remove_dead_channels import remove_dead_channels
from tinyprune.passes.remove_unused import remove_unused
from tinyprune.passes.simplify import simplify
from tinyprune.passes.verify import verify

SHAPE = (1, 4, 4, 2)


def without(net: Moving, source: str, *unused: int) -> str:
    """A convolution that does not use some channels of `source`."""
    weights = net.weights((3, 1, 1, net.shape(source)[3]), 0)
    weights[..., list(unused)] = 0
    return net.conv(source, weights)


@pytest.mark.parametrize("single", [False, True], ids=["double rounding", "single rounding"])
def test_no_bit_of_a_random_network_changes(single: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if single:
        single_rounding(monkeypatch)
    graphs = [random_moving(seed) for seed in range(100)]
    smaller = [parameters(checked(graph)) < parameters(graph) for graph in graphs]
    assert sum(smaller) > len(graphs) // 2


@pytest.mark.parametrize("seed", range(4))
def test_random_networks_in_c(seed: int) -> None:
    graph = random_moving(seed)
    small, inputs = verify(plan_memory(simplify(graph))), adversarial_inputs(graph)
    expected, run = reference.run(small, inputs), run_host(small, inputs)
    for layer in small.layers:
        np.testing.assert_array_equal(run.layers[layer.name], expected[layer.output], err_msg=layer.name)
    np.testing.assert_array_equal(run.output, reference.output(graph, inputs))


def test_channels_go_through_a_concatenation() -> None:
    net = Moving(SHAPE)
    a, b = net.conv(net.input, 3), net.conv(net.input, 4)
    net.tensors[b] = replace(net.tensors[b], quant=net.tensors[a].quant)
    both = net.concat(a, b)
    small = checked(net.graph(without(net, both, 1, 2, 3, 5)))
    assert [channels(small, name) for name in (a, b, both)] == [1, 2, 3]


def test_a_part_that_nobody_uses_leaves_a_concatenation() -> None:
    net = Moving(SHAPE)
    a, b = net.conv(net.input, 3), net.conv(net.input, 4)
    net.tensors[b] = replace(net.tensors[b], quant=net.tensors[a].quant)
    graph = net.graph(without(net, net.concat(a, b), 0, 1, 2))
    small = remove_unused(checked(graph))
    assert [layer.output for layer in small.layers] == [layer.output for layer in graph.layers[1:]]
    assert not differing(graph, verify(small))


def test_a_channel_that_others_need_leaves_a_concatenation_all_the_same() -> None:
    net = Moving(SHAPE)
    a = net.conv(net.input, 4)
    both = net.concat(a, net.pool(ir.MaxPool, net.pad(a, Padding(0, 1, 0, 1))))
    y = net.add(without(net, both, 1, 4, 5), net.conv(a, 3))
    small = checked(net.graph(y))
    assert (channels(small, a), channels(small, both)) == (4, 5)


def test_channels_go_through_a_concatenation_of_rows() -> None:
    net = Moving(SHAPE)
    a, b = net.conv(net.input, 4), net.conv(net.input, 4)
    net.tensors[b] = replace(net.tensors[b], quant=net.tensors[a].quant)
    both = net.concat(a, b, axis=1)
    small = checked(net.graph(without(net, both, 2)))
    assert [channels(small, name) for name in (a, b, both)] == [3, 3, 3]


def test_channels_go_through_slices_and_padding() -> None:
    net = Moving(SHAPE)
    hidden = net.conv(net.input, 6)
    first, second = net.slice(hidden, 3, 0, 4), net.slice(net.slice(hidden, 3, 4, 2), 1, 1, 3)
    padded = net.pad(second, Padding(0, 1, 0, 0), fill=5)
    y = net.add(without(net, first, 0, 2), without(net, padded, 1))
    small = checked(net.graph(y))
    assert [channels(small, name) for name in (hidden, first, second, padded)] == [3, 2, 1, 1]


def test_channels_that_padding_adds_are_constant() -> None:
    net = Moving(SHAPE, zero_point=0)
    hidden = net.conv(net.input, 2)
    padded = net.pad(hidden, Padding(), fill=7, channels=(2, 1))
    small = checked(net.graph(net.conv(padded, 3, size=1)))
    assert channels(small, padded) == 2
    last = small.layers[-1]
    assert isinstance(last, ir.Conv2D)
    assert (last.bias != net.layers[-1].bias).any()  # type: ignore[union-attr]


def test_a_layer_that_only_fills_copies_something_still() -> None:
    net = Moving(SHAPE, zero_point=0)
    padded = net.pad(net.conv(net.input, 2), Padding(1, 1, 1, 1), fill=7, channels=(2, 0))
    small = checked(net.graph(net.softmax(without(net, padded, 0, 1, 2, 3))))
    assert channels(small, padded) == 2  # the filler, and a channel that is copied


def test_what_mixes_channels_keeps_all() -> None:
    for axes in ((0, 3, 1, 2), (0, 1, 3, 2)):
        net = Moving(SHAPE)
        hidden = net.conv(net.input, 4)
        turned = net.transpose(hidden, axes)
        small = checked(net.graph(without(net, turned, 1, 2)))
        assert (channels(small, hidden), channels(small, turned)) == (4, 4)


def test_a_transposition_of_rows_and_columns_keeps_channels_apart() -> None:
    net = Moving(SHAPE)
    hidden = net.conv(net.input, 4)
    turned = net.transpose(hidden, (0, 2, 1, 3))
    small = checked(net.graph(without(net, turned, 1, 2)))
    assert (channels(small, hidden), channels(small, turned)) == (2, 2)


def test_a_copy_is_not_one_run_where_its_input_keeps_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """The naive copy takes as many channels as are left, from where the first of them lies."""
    net = Moving(SHAPE)
    a = net.conv(net.input, 4)
    part = net.slice(a, 3, 0, 4)
    graph = net.graph(net.add(without(net, part, 1), net.conv(a, 3)))
    small = checked(graph)
    assert (channels(small, a), channels(small, part)) == (4, 3)

    def naive(copy: channel_copies.ChannelCopy, inputs: Mask, outputs: Mask) -> list[ir.BlockCopy]:
        wide = channel_copies.block_copy(0, [(16, 4, 3), (3, 1, 1)], 0, 0)
        return [wide]

    monkeypatch.setattr(channel_copies, "_narrowed", naive)
    assert differing(graph, verify(remove_dead_channels(graph)))


def test_a_table_of_a_constant_is_constant() -> None:
    net = Moving(SHAPE, zero_point=0)
    weights = net.weights((3, 1, 1, 2), 0)
    weights[1] = 0
    table = np.random.default_rng(1).integers(-128, 128, 256, np.int8)
    looked_up = net.lookup(net.conv(net.input, weights), table)
    small = checked(net.graph(net.conv(looked_up, 2, size=1)))
    assert channels(small, looked_up) == 2


def test_a_table_is_not_monotone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A channel from -100 to 100 through a table that is 5 at both ends, and not between."""
    net = Moving(SHAPE, zero_point=0)
    valley = np.where(np.abs(INPUTS) >= 100, 5, -90).astype(np.int8)
    clamped = net.clamped(net.input, (-100, 100))
    graph = net.graph(net.conv(net.lookup(net.conv(clamped, 2, size=1, clamp=(-100, 100)), valley), 2, size=1))
    checked(graph)

    def naive(table: ir.Int8, x: ir.Int8) -> np.ndarray:
        return table[x.astype(np.int64) + 128].astype(np.int64)

    monkeypatch.setattr("tinyprune.passes.intervals._image", naive)
    assert differing(graph, remove_dead_channels(graph))


@pytest.mark.parametrize("kind", [ir.Sub, ir.Mul, ir.Maximum, ir.Minimum])
def test_channels_go_through_operators_of_two_inputs(kind: type[ir.Binary]) -> None:
    net = Moving(SHAPE, zero_point=3)
    a, b = net.conv(net.input, 4), net.conv(net.input, 4)
    both = net.binary(kind, a, b)
    small = checked(net.graph(without(net, both, 2)))
    assert [channels(small, name) for name in (a, b, both)] == [3, 3, 3]


def test_an_operand_of_one_channel_meets_all() -> None:
    net = Moving(SHAPE, zero_point=3)
    a, one = net.conv(net.input, 4), net.conv(net.input, 1)
    both = net.binary(ir.Mul, a, one)
    small = checked(net.graph(without(net, both, 0, 2)))
    assert [channels(small, name) for name in (a, one, both)] == [2, 1, 2]


def test_channels_go_through_a_resize() -> None:
    net = Moving(SHAPE)
    hidden = net.conv(net.input, 4)
    target = net.tensor((1, 3, 8, 4), net.tensors[hidden].quant)
    net.layers.append(ir.ResizeNearest(net.name("resize"), hidden, target, (0, 2, 3), (0, 0, 1, 1, 2, 2, 3, 3)))
    small = checked(net.graph(without(net, target, 0, 2)))
    assert (channels(small, hidden), channels(small, target)) == (2, 2)
