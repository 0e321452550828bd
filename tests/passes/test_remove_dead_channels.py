"""Channels go, bits stay: whole networks under both rounding rules, and each rule against its naive form."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from narrowing import ONES, channels, checked, differing, parameters, pointwise
from networks import Network, random_network, single_rounding

from tinyprune import formats, ir
from tinyprune.ir import Graph, Int8, Padding
from tinyprune.passes.contributions import Contributions, contributions
from tinyprune.passes.intervals import constant_channels, intervals
from tinyprune.passes.remove_dead_channels import remove_dead_channels
from tinyprune.passes.verify import verify

PASS = "tinyprune.passes.remove_dead_channels"
SEEDS = range(300)


@pytest.mark.parametrize("single", [False, True], ids=["double rounding", "single rounding"])
def test_no_bit_of_a_random_network_changes(single: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if single:
        single_rounding(monkeypatch)
    graphs = [random_network(seed) for seed in SEEDS]
    smaller = [parameters(checked(graph)) < parameters(graph) for graph in graphs]
    assert sum(smaller) > len(graphs) // 2


def test_a_second_time_finds_nothing() -> None:
    for seed in range(50):
        small = remove_dead_channels(random_network(seed))
        again = remove_dead_channels(small)
        assert again.tensors == small.tensors


def test_a_channel_of_zero_weights_goes_and_its_constant_is_folded() -> None:
    net = Network((1, 4, 4, 2), zero_point=7)
    hidden = net.conv(net.input, pointwise(np.array([[0, 0], [90, -80]], np.int8)), [3000, 5])
    graph = net.graph(net.conv(hidden, pointwise(ONES)))
    small = checked(graph)
    assert channels(small, hidden) == 1
    first, last = small.layers
    assert isinstance(first, ir.Conv2D)
    assert isinstance(last, ir.Conv2D)
    assert len(first.weights.quant.scale) == 1
    assert not np.array_equal(last.bias, graph.layers[1].bias)


def test_a_channel_that_the_clamp_flattens_goes() -> None:
    net = Network((1, 4, 4, 2), zero_point=7)
    hidden = net.conv(net.input, pointwise(ONES), [-100_000, 0], clamp=(7, 127))
    assert channels(checked(net.graph(net.conv(hidden, pointwise(ONES)))), hidden) == 1


def test_a_channel_whose_weights_are_all_zero_downstream_goes() -> None:
    net = Network((1, 4, 4, 2))
    hidden = net.conv(net.input, 3)
    unused = net.weights((2, 3, 3, 3), 0)
    unused[..., 1] = 0
    assert channels(checked(net.graph(net.conv(hidden, unused))), hidden) == 2


def border_graph(zero_point: int, value: int) -> tuple[Graph, str]:
    """A channel that is `value` everywhere meets a padded 3x3 convolution."""
    net = Network((1, 5, 5, 2), zero_point=zero_point)
    hidden = net.conv(net.input, pointwise(np.array([[0, 0], [90, -80]], np.int8)), [0, 0], clamp=(value, 127))
    return net.graph(net.conv(hidden, 3)), hidden


def naive_contributions(graph: Graph, known: Mapping[str, Int8]) -> dict[str, Contributions]:
    """A constant times the sum of its weights, as if there were no border."""
    adds = contributions(graph, known)
    for layer in graph.layers:
        if isinstance(layer, ir.Conv2D):
            constant = constant_channels(known[layer.input])
            inside = known[layer.input][0, 0, 0, 0].astype(np.int64) - graph.tensors[layer.input].zero_point
            sums = formats.unpack(layer.weights).astype(np.int64).sum(axis=(1, 2)).T * inside[:, None]
            old = adds[layer.name]
            adds[layer.name] = Contributions(
                old.uniform | constant[:, None], np.where(constant[:, None], sums, old.value)
            )
    return adds


def test_a_constant_is_not_folded_across_a_padded_border(monkeypatch: pytest.MonkeyPatch) -> None:
    graph, hidden = border_graph(zero_point=0, value=40)
    assert channels(checked(graph), hidden) == 2
    monkeypatch.setattr(f"{PASS}.contributions", naive_contributions)
    naive = remove_dead_channels(graph)
    assert channels(naive, hidden) == 1
    assert differing(graph, naive)


def test_the_zero_point_is_folded_across_a_padded_border() -> None:
    graph, hidden = border_graph(zero_point=0, value=0)
    assert channels(checked(graph), hidden) == 1


def test_a_constant_map_is_no_number_for_a_convolution_but_is_one_after_the_mean() -> None:
    net = Network((1, 5, 5, 1), zero_point=0)
    forty = net.conv(net.input, np.zeros((1, 1, 1, 1), np.int8), [0], clamp=(40, 127))
    map_and_input = net.depthwise(forty, np.full((1, 3, 3, 1), 20, np.int8), [0])
    both = net.conv(net.input, 1)
    graph = net.graph(net.dense(net.mean(net.add(map_and_input, both)), 2))
    assert not constant_channels(intervals(graph)[graph.layers[3].output])[0]
    checked(graph)
    averaged = net.mean(map_and_input)
    known = intervals(net.graph(averaged))
    assert len(np.unique(known[map_and_input][0])) > 1
    assert constant_channels(known[averaged]).all()
    checked(net.graph(net.dense(averaged, 2)))


def test_adding_a_constant_is_not_nothing() -> None:
    net = Network((1, 4, 4, 2), zero_point=3)
    constant = net.conv(net.input, np.zeros((2, 1, 1, 2), np.int8), [1000, -1000])
    x = net.conv(net.input, 2)
    total = net.add(constant, x)
    y = net.conv(total, 3)
    graph = net.graph(y)
    small = checked(graph)
    assert [channels(small, name) for name in (constant, x, total)] == [2, 2, 2]
    last = graph.layers[-1]
    assert isinstance(last, ir.Conv2D)
    without = replace(graph, layers=(*graph.layers[:-2], replace(last, input=x)))
    assert differing(graph, without)


def test_a_constant_sum_leaves_both_operands() -> None:
    net = Network((1, 4, 4, 2), zero_point=-128)
    a = net.conv(net.input, pointwise(np.array([[0, 0], [90, 50]], np.int8)), [0, 0])
    b = net.conv(net.input, pointwise(np.array([[0, 0], [10, -50]], np.int8)), [0, 0])
    total = net.add(a, b)
    small = checked(net.graph(net.conv(total, pointwise(ONES))))
    assert [channels(small, name) for name in (a, b, total)] == [1, 1, 1]


def test_a_constant_operand_is_narrowed_with_the_sum() -> None:
    net = Network((1, 4, 4, 3))
    constant = net.constant(np.arange(48, dtype=np.int8).reshape(1, 4, 4, 3))
    total = net.add(net.conv(net.input, 3), constant)
    unused = net.weights((2, 1, 1, 3), 0)
    unused[..., 1] = 0
    small = checked(net.graph(net.conv(total, unused)))
    assert small.constants[constant].shape == (1, 4, 4, 2)


def multiplied() -> tuple[Graph, str, str]:
    """Both outputs of input 0 of a depthwise layer are used, none of input 1, which another layer needs."""
    net = Network((1, 4, 4, 3))
    hidden = net.conv(net.input, 2)
    spread = net.depthwise(hidden, 2)
    used = net.weights((2, 1, 1, 4), 0)
    used[..., 2:] = 0
    one, other = net.conv(spread, used), net.conv(hidden, 2, size=1)
    return net.graph(net.add(one, other)), hidden, spread


def test_a_multiplier_stays_the_same_for_all_inputs(monkeypatch: pytest.MonkeyPatch) -> None:
    graph, hidden, spread = multiplied()
    small = checked(graph)
    assert (channels(small, hidden), channels(small, spread)) == (2, 4)

    def naive(layer: ir.DepthwiseConv2D, live: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        return {layer.input: live[layer.output].reshape(live[layer.input].size, -1).any(axis=1)}

    monkeypatch.setattr("tinyprune.passes.live_channels._depthwise_needs", naive)
    assert differing(graph, verify(remove_dead_channels(graph)))


def test_a_multiplier_shrinks_where_every_input_needs_fewer() -> None:
    net = Network((1, 4, 4, 3))
    hidden = net.conv(net.input, 3)
    spread = net.depthwise(hidden, 3)
    used = net.weights((2, 1, 1, 9), 0)
    used[..., [0, 2, 4, 5, 6, 7, 8]] = 0  # inputs 0 and 1 need one output each, at different places; input 2 none
    small = checked(net.graph(net.conv(spread, used)))
    assert (channels(small, hidden), channels(small, spread)) == (2, 2)


def flattened(dead: slice) -> tuple[Graph, str, str]:
    """Four channels of nine pixels; of the flattened values those in `dead` are not used."""
    net = Network((1, 3, 3, 2))
    hidden = net.conv(net.input, 4)
    flat = net.flatten(hidden)
    weights = net.weights((5, 36), 0)
    weights[:, dead] = 0
    return net.graph(net.dense(flat, weights)), hidden, flat


def test_channels_go_through_a_flatten() -> None:
    graph, hidden, flat = flattened(slice(1, None, 4))
    small = checked(graph)
    assert (channels(small, hidden), channels(small, flat)) == (3, 27)


def test_a_flatten_is_in_the_order_of_rows_columns_channels(monkeypatch: pytest.MonkeyPatch) -> None:
    graph, hidden, flat = flattened(slice(9, 18))
    small = checked(graph)
    assert (channels(small, hidden), channels(small, flat)) == (4, 36)

    def naive(layer: ir.Reshape, live: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """As if the order were channels, rows, columns."""
        shared = live[layer.input] | live[layer.output].reshape(live[layer.input].size, -1).any(axis=1)
        return {layer.input: shared, layer.output: np.repeat(shared, live[layer.output].size // shared.size)}

    monkeypatch.setattr("tinyprune.passes.live_channels._tied", naive)
    assert differing(graph, verify(remove_dead_channels(graph)))


def test_a_dense_layer_over_an_image_loses_channels_too() -> None:
    net = Network((1, 3, 3, 2))
    hidden = net.conv(net.input, 4)
    weights = net.weights((5, 36), 0)
    weights[:, 2::4] = 0
    small = checked(net.graph(net.dense(hidden, weights)))
    assert channels(small, hidden) == 3
    assert parameters(small) == parameters(net.graph("")) - 18 - 45


def test_a_reshape_that_mixes_channels_keeps_all() -> None:
    net = Network((1, 3, 4, 2))
    hidden = net.conv(net.input, 4)
    mixed = net.reshape(hidden, (1, 8, 2, 3))
    weights = net.weights((5, 48), 0)
    weights[:, 1::3] = 0
    small = checked(net.graph(net.dense(mixed, weights)))
    assert channels(small, hidden) == 4


def test_a_constant_survives_the_padding_of_a_pool() -> None:
    for kind in (ir.MaxPool, ir.AveragePool):
        net = Network((1, 4, 4, 2), zero_point=0)
        hidden = net.conv(net.input, pointwise(np.array([[0, 0], [90, -80]], np.int8)), [0, 0], clamp=(40, 127))
        pooled = net.pool(kind, hidden, Padding(1, 1, 1, 1))
        small = checked(net.graph(net.conv(pooled, pointwise(ONES))))
        assert channels(small, pooled) == 1


def test_a_tensor_keeps_a_filler_with_all_that_is_tied_to_it() -> None:
    net = Network((1, 3, 3, 2))
    hidden = net.conv(net.input, np.zeros((4, 3, 3, 2), np.int8))
    spread = net.depthwise(hidden, 2)
    flat = net.flatten(spread)
    small = checked(net.graph(net.dense(flat, np.zeros((2, 72), np.int8))))
    assert [channels(small, name) for name in (hidden, spread, flat)] == [1, 1, 9]


def test_inputs_outputs_and_what_softmax_reads_keep_their_shapes() -> None:
    net = Network((1, 3, 3, 4))
    used = net.weights((3, 1, 1, 4), 0)
    used[..., 1] = 0
    used[0] = 0
    hidden = net.conv(net.input, used)
    logits = net.dense(net.mean(hidden), np.zeros((4, 3), np.int8))
    graph = net.graph(net.softmax(logits))
    small = checked(graph)
    for name in (net.input, logits, *graph.outputs):
        assert small.tensors[name] == graph.tensors[name]


def test_padding_that_a_layer_never_reaches_is_no_border() -> None:
    """Padding of which every window position sees the same is no reason to keep a channel: a 1x1 output."""
    net = Network((1, 1, 1, 2), zero_point=0)
    hidden = net.conv(net.input, pointwise(np.array([[0, 0], [90, -80]], np.int8)), [0, 0], clamp=(40, 127))
    assert channels(checked(net.graph(net.conv(hidden, 3))), hidden) == 1
