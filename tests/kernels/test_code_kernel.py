"""Weights as instructions: what a core executes, and what this machine reads of them, gives the reference's bits."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from host import run_host
from hypothesis import HealthCheck, Phase, given, settings
from random_graphs import graphs

from tinyprune import board as boards
from tinyprune import emulators, formats, kernels, reference, toolchain
from tinyprune.errors import ToolMissingError
from tinyprune.ir import Dense, Graph, Int8, Quant, Tensor
from tinyprune.passes.plan_memory import plan_memory
from tinyprune.passes.verify import verify
from tinyprune.pipeline import Target, compile_graph

FEW = settings(
    max_examples=2,
    derandomize=True,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
ON_CORES = pytest.mark.parametrize("board", ["nucleo-g0b1re", "stm32f4"])
TOOLCHAINS = pytest.mark.parametrize("toolchain_name", ["gcc", "zig"])


def layer_graph(weights: Int8, bias: int, rows: int = 1) -> Graph:
    """One fully connected layer in `code`, with biases `bias`, `-bias` in turn."""
    outputs, inputs = weights.shape
    tensors = {
        "x": Tensor("x", (1, rows, inputs), Quant((1.0,), -7)),
        "y": Tensor("y", (1, rows, outputs), Quant((1.0,), 3)),
    }
    biases = bias * (-1) ** np.arange(outputs, dtype=np.int64)
    largest = float(abs(bias) + 256 * np.abs(weights.astype(np.int64)).sum(axis=1).max())
    stored = formats.pack("code", weights, Quant((100 / largest,), 0))
    layer = Dense("layer", "x", "y", stored, biases.astype(np.int32), (-128, 127))
    return verify(plan_memory(verify(Graph("code", tensors, (layer,), ("x",), ("y",)))))


def scattered() -> Graph:
    """Groups with all kinds of distances, one without weights, a last one that is not full; rows at odd addresses."""
    random = np.random.default_rng(5)
    weights = random.integers(-128, 128, (47, 701), np.int8)
    weights[random.random(weights.shape) < 0.97] = 0
    weights[10:20] = 0
    weights[20:30, 1:-1] = 0
    return layer_graph(weights, 1000, rows=3)


def extreme() -> Graph:
    """Accumulators from one end of int32 to the other; on the way, with raised inputs, sums leave it."""
    weights = np.full((12, 90), -128, np.int8)
    weights[::2] = 127
    return layer_graph(weights, 2**31 - 1 - 135 * 128 * 90)


def inputs_for(graph: Graph) -> Int8:
    shape = graph.tensors[graph.inputs[0]].shape
    random = np.random.default_rng(0).integers(-128, 128, (2, *shape[1:]), np.int8)
    return np.concatenate([np.full(shape, -128, np.int8), np.full(shape, 127, np.int8), random])


def check(graph: Graph, board: str, toolchain_name: str, folder: Path) -> None:
    try:
        on = Target(boards.load(board), toolchain.find(toolchain_name), "unicorn")
    except ToolMissingError as error:
        pytest.skip(error.what)
    inputs = inputs_for(graph)
    elf = compile_graph(graph, inputs[0], on, folder)
    outputs = emulators.run(on.emulator, elf, on.board, inputs).layer_outputs
    expected = reference.run(graph, inputs)
    for layer in graph.layers:
        np.testing.assert_array_equal(outputs[layer.name].reshape(-1), expected[layer.output].reshape(-1))
        assert isinstance(layer, Dense)
        operand = kernels.operand(layer, graph)
        symbol = elf.symbols[f"{layer.name}_instructions"]
        assert symbol.bytes == operand.bytes, "what it takes is known before it is compiled"
        assert elf.read(symbol.address, symbol.bytes) == operand.arrays["instructions"].tobytes()


@pytest.mark.parametrize("made", [scattered, extreme])
def test_on_this_machine(made: Callable[[], Graph]) -> None:
    graph = made()
    inputs = inputs_for(graph)
    np.testing.assert_array_equal(run_host(graph, inputs).output, reference.output(graph, inputs))


@TOOLCHAINS
@ON_CORES
@pytest.mark.parametrize("made", [scattered, extreme])
def test_on_cores(made: Callable[[], Graph], board: str, toolchain_name: str, tmp_path: Path) -> None:
    check(made(), board, toolchain_name, tmp_path)


@TOOLCHAINS
@ON_CORES
@FEW
@given(drawn=graphs([Dense], 8))
def test_random_layers(board: str, toolchain_name: str, drawn: Graph, tmp_path_factory: pytest.TempPathFactory) -> None:
    layers = tuple(layer for layer in drawn.layers if isinstance(layer, Dense) and layer.weights.format == "code")
    graph = verify(plan_memory(verify(replace(drawn, layers=layers, outputs=(layers[-1].output,)))))
    check(graph, board, toolchain_name, tmp_path_factory.mktemp("code"))
