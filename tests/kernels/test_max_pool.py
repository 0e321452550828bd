"""Max pooling, four channels at a time where the core has the DSP extension, in place where that may be."""

from pathlib import Path

import numpy as np
import pytest
from host import run_host
from test_kernels import wrong_layers

from tinyprune import board as boards
from tinyprune import emulators, toolchain
from tinyprune.errors import ToolMissingError
from tinyprune.ir import Graph, MaxPool, Padding, Quant, Tensor, Window
from tinyprune.passes.plan_memory import plan_memory
from tinyprune.passes.verify import verify
from tinyprune.pipeline import Target, compile_graph

POOLS = (
    MaxPool("padded", "a", "b", Window((3, 2), padding=Padding(1, 1, 0, 1)), (-128, 127)),
    MaxPool("clamped", "b", "c", Window((2, 3), (1, 2)), (-20, 40)),
    MaxPool("halved", "c", "d", Window((2, 2), (2, 2)), (-128, 127)),
)


def graph_of(channels: int) -> Graph:
    tensors, shape = {"a": Tensor("a", (1, 7, 9, channels), Quant((1.0,), 3))}, (7, 9)
    for pool in POOLS:
        shape = pool.window.output(*shape)
        tensors[pool.output] = Tensor(pool.output, (1, *shape, channels), Quant((1.0,), 3))
    return verify(plan_memory(verify(Graph("pools", tensors, POOLS, ("a",), ("d",)))))


@pytest.mark.parametrize("channels", [1, 4, 7])
@pytest.mark.parametrize("toolchain_name", ["gcc", "zig"])
@pytest.mark.parametrize("board", ["stm32f4", "nucleo-g0b1re"])
def test_max_pool(board: str, toolchain_name: str, channels: int, tmp_path: Path) -> None:
    graph = graph_of(channels)
    assert graph.arena is not None
    places = graph.arena.tensors
    assert places["c"].offset == places["b"].offset  # in place
    inputs = np.random.default_rng(channels).integers(-128, 128, (2, 7, 9, channels)).astype(np.int8)
    assert not wrong_layers(graph, inputs, run_host(graph, inputs).layers)
    try:
        on = Target(boards.load(board), toolchain.find(toolchain_name), "unicorn")
    except ToolMissingError as error:
        pytest.skip(error.what)
    run = emulators.run(on.emulator, compile_graph(graph, inputs[0], on, tmp_path), on.board, inputs)
    assert not wrong_layers(graph, inputs, run.layer_outputs)
