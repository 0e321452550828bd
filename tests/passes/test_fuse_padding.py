"""What a convolution may pad itself, and what it may not: each condition against a pass without it."""

from dataclasses import replace

import numpy as np
import pytest
from host import run_host
from moving import Moving
from networks import adversarial_inputs

from tinyprune import ir, reference
from tinyprune.ir import Graph, Padding
from tinyprune.passes import fuse_padding as module
from tinyprune.passes.fuse_padding import fuse_padding
from tinyprune.passes.plan_memory import plan_memory
from tinyprune.passes.remove_unused import remove_unused
from tinyprune.passes.verify import InvalidGraphError, verify

PADS = [Padding(1, 1, 1, 1), Padding(0, 1, 0, 1), Padding(3, 0, 2, 1), Padding(7, 5, 4, 9), Padding()]


def fused(graph: Graph) -> Graph:
    """`graph` after the pass; its output is that of the graph as it came."""
    small = verify(remove_unused(verify(fuse_padding(verify(graph)))))
    assert differing(graph, small) == 0
    return small


def differing(graph: Graph, other: Graph) -> int:
    inputs = adversarial_inputs(graph, 16)
    return int((reference.output(graph, inputs) != reference.output(other, inputs)).sum())


def padded(pads: Padding = PADS[0], fill: int | None = None, channels: tuple[int, int] = (0, 0)) -> tuple[Moving, str]:
    net = Moving((1, 4, 5, 2), zero_point=-20)
    return net, net.pad(net.input, pads, fill, channels)


@pytest.mark.parametrize("pads", PADS, ids=str)
@pytest.mark.parametrize("depthwise", [False, True])
def test_padding_goes_into_the_window_however_wide(pads: Padding, depthwise: bool) -> None:
    net, x = padded(pads)
    graph = net.graph(net.valid(x, 2, 3, depthwise, stride=2))
    small = fused(graph)
    (conv,) = small.layers
    assert isinstance(conv, ir.Conv2D | ir.DepthwiseConv2D)
    assert (conv.window.padding, conv.input) == (pads, net.input)
    inputs = adversarial_inputs(graph)
    np.testing.assert_array_equal(run_host(plan_memory(small), inputs).output, reference.output(graph, inputs))


def test_a_window_of_one_pixel_pads_too() -> None:
    net, x = padded()
    small = plan_memory(fused(net.graph(net.valid(x, 1, 3))))
    inputs = adversarial_inputs(small)
    np.testing.assert_array_equal(run_host(small, inputs).output, reference.output(small, inputs))


def test_padding_is_added_to_padding() -> None:
    net, x = padded(Padding(1, 0, 2, 0))
    (conv,) = fused(net.graph(net.conv(net.pad(x, Padding(0, 1, 0, 3)), 3))).layers
    assert isinstance(conv, ir.Conv2D)
    assert conv.window.padding == Padding(2, 2, 3, 4)


def test_a_fill_other_than_the_zero_point_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    net, x = padded(fill=7)
    graph = net.graph(net.valid(x, 3, 2))
    assert len(fused(graph).layers) == 2

    rule = module._padding

    def naive(layer: ir.Move, graph: Graph) -> Padding | None:
        return rule(replace(layer, fill=graph.tensors[layer.input].zero_point), graph)

    monkeypatch.setattr(module, "_padding", naive)
    assert differing(graph, fuse_padding(graph))


def test_another_zero_point_stays() -> None:
    net, x = padded()
    net.tensors[x] = replace(net.tensors[x], quant=ir.Quant((0.5,), 9))
    for fill in (-20, 9):
        assert isinstance(net.layers[0], ir.Move)
        net.layers[0] = replace(net.layers[0], fill=fill)
        graph = net.graph(net.valid(x, 3, 2))
        assert len(fused(graph).layers) == 2
        net.layers.pop()


def test_channels_that_are_added_stay() -> None:
    net, x = padded(channels=(1, 0))
    assert len(fused(net.graph(net.valid(x, 3, 2))).layers) == 2


@pytest.mark.parametrize("kind", [ir.MaxPool, ir.AveragePool])
def test_a_pool_does_not_count_its_padding(kind: type[ir.MaxPool] | type[ir.AveragePool]) -> None:
    net, x = padded(Padding(1, 0, 0, 1))
    graph = net.graph(net.pool(kind, x))
    assert len(fused(graph).layers) == 2
    _, pool = graph.layers
    assert isinstance(pool, kind)
    naive = replace(pool, input=net.input, window=replace(pool.window, padding=Padding(1, 0, 0, 1)))
    assert differing(graph, verify(replace(graph, layers=(naive,))))


def test_what_others_read_stays_padded() -> None:
    net, x = padded()
    graph = net.graph(net.binary(ir.Mul, net.valid(x, 3, 2), net.slice(net.slice(x, 1, 1, 4), 2, 1, 5)))
    small = fused(graph)
    assert len(small.layers) == len(graph.layers)
    with pytest.raises(InvalidGraphError, match="before it is computed"):
        verify(replace(graph, layers=graph.layers[1:]))  # what a pass that counts no readers leaves


def test_a_padded_output_stays() -> None:
    net, x = padded()
    y = net.valid(x, 3, 2)
    assert len(fuse_padding(net.graph(y, x)).layers) == 2
    assert [layer.input for layer in fuse_padding(net.graph(y, x)).layers] == [net.input, x]


@pytest.mark.parametrize("move", ["slice", "transpose", "concat"])
def test_what_moves_otherwise_stays(move: str) -> None:
    net = Moving((1, 6, 6, 2), zero_point=-20)
    moved = {
        "slice": lambda: net.slice(net.input, 1, 1, 5),
        "transpose": lambda: net.transpose(net.input, (0, 2, 1, 3)),
        "concat": lambda: net.concat(net.input, net.input, axis=1),
    }[move]()
    assert len(fused(net.graph(net.valid(moved, 3, 2))).layers) == 2
