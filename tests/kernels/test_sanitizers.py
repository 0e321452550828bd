"""The sanitizers that the other tests rely on do stop a kernel that goes beyond its buffers."""

from dataclasses import replace

import numpy as np
import pytest
from host import HostError, require_asan, run_host

from tinyprune import formats
from tinyprune.ir import Arena, Dense, Graph, Placement, Quant, Tensor
from tinyprune.passes.plan_memory import plan_memory

INPUT = np.zeros((1, 7), np.int8)


@pytest.fixture
def graph() -> Graph:
    """A dense layer of seven inputs and five outputs."""
    quant = Quant((1.0,), 0)
    tensors = {"x": Tensor("x", (1, 7), quant), "y": Tensor("y", (1, 5), quant)}
    weights = formats.pack("dense", np.ones((5, 7), np.int8), quant)
    layer = Dense("layer", "x", "y", weights, np.zeros(5, np.int32), (-128, 127))
    return plan_memory(Graph("overrun", tensors, (layer,), ("x",), ("y",)))


def shortened(graph: Graph, tensor: str) -> Graph:
    """`graph` whose memory plan has a byte too few for `tensor`."""
    arena = graph.arena
    assert isinstance(arena, Arena)
    spot = arena.tensors[tensor]
    return replace(
        graph, arena=replace(arena, tensors={**arena.tensors, tensor: Placement(spot.offset, spot.bytes - 1)})
    )


@pytest.mark.parametrize("tensor", ["x", "y"])
def test_a_layer_may_touch_nothing_of_the_arena_but_its_own_buffers(graph: Graph, tensor: str) -> None:
    require_asan()
    run_host(graph, INPUT)
    with pytest.raises(HostError, match="AddressSanitizer"):
        run_host(shortened(graph, tensor), INPUT)


def test_a_layer_may_read_nothing_beyond_its_constants(graph: Graph) -> None:
    require_asan()
    (layer,) = graph.layers
    assert isinstance(layer, Dense)
    four_scales = replace(layer.weights, quant=Quant((1.0,) * 4, 0))
    with pytest.raises(HostError, match="global-buffer-overflow"):
        run_host(replace(graph, layers=(replace(layer, weights=four_scales),)), INPUT)


def test_a_signed_overflow_is_stopped(graph: Graph) -> None:
    (layer,) = graph.layers
    assert isinstance(layer, Dense)
    highest = replace(layer, bias=np.full(5, 2**31 - 1, np.int32))
    with pytest.raises(HostError, match="signed integer overflow"):
        run_host(replace(graph, layers=(highest,)), INPUT + 1)
