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
from tinyprune.board import ALL_FEATURES
from tinyprune.errors import ToolMissingError
from tinyprune.ir import Dense, Graph, Int8, Quant, Tensor
from tinyprune.passes.plan_memory import plan_memory
from tinyprune.passes.verify import verify
from tinyprune.pipeline import Target, compile_graph

ZERO_POINT = -7
FEW = settings(
    max_examples=2,
    derandomize=True,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
ON_CORES = pytest.mark.parametrize("board", ["nucleo-g0b1re", "stm32f4"])
TOOLCHAINS = pytest.mark.parametrize("toolchain_name", ["gcc", "zig"])


def layer_graph(weights: Int8, largest: int, rows: int = 1) -> Graph:
    """A fully connected layer in `code`, in each variant; its accumulators reach `largest`, or less that, in turns."""
    outputs, inputs = weights.shape
    tensors = {"x": Tensor("x", (1, rows, inputs), Quant((1.0,), ZERO_POINT))}
    totals = weights.astype(np.int64).sum(axis=1), 128 * np.abs(weights.astype(np.int64)).sum(axis=1)
    bias = (largest - totals[1]) * (-1) ** np.arange(outputs) + ZERO_POINT * totals[0]
    target = Tensor("y", (1, rows, outputs), Quant((1.0,), 3))
    stored = formats.pack("code", weights, Quant((100 / min(largest, 1 << 20),), 0))
    layer = Dense("layer", "x", "y", stored, bias.astype(np.int32), (-128, 127))
    variants = kernels.variants(layer, Graph("", {**tensors, "y": target}, (), (), ()), ALL_FEATURES)
    names = [f"y{number}" for number in range(len(variants))]
    layers = tuple(
        replace(layer, name=f"layer_{name}", output=name, variant=one)
        for name, one in zip(names, variants, strict=True)
    )
    tensors |= {name: replace(target, name=name) for name in names}
    return verify(plan_memory(verify(Graph("code", tensors, layers, ("x",), tuple(names)))))


def functions(graph: Graph) -> set[str]:
    return {kernels.kernel(layer).function for layer in graph.layers}


def scattered() -> Graph:
    """Groups with all kinds of distances, one without weights, a last one that is not full; rows at odd addresses."""
    random = np.random.default_rng(5)
    weights = random.integers(-128, 128, (47, 701), np.int8)
    weights[random.random(weights.shape) < 0.97] = 0
    weights[10:20] = 0
    weights[20:30, 1:-1] = 0
    return layer_graph(weights, 1 << 20, rows=3)


def extreme(bits: int) -> Graph:
    """Accumulators up to the last one below 2^bits; sums of raised inputs leave even int32 on the way."""
    weights = np.full((12, 90), -128, np.int8)
    weights[::2] = 127
    return layer_graph(weights, (1 << bits) - 1)


GRAPHS: dict[str, Callable[[], Graph]] = {
    "scattered": scattered,
    "extreme of stairs": lambda: extreme(30),
    "extreme of int32": lambda: extreme(31),
}
MADE = pytest.mark.parametrize("made", GRAPHS)


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
        assert isinstance(layer, Dense)
        np.testing.assert_array_equal(outputs[layer.name].reshape(-1), expected[layer.output].reshape(-1))
        for name, array in kernels.operand(layer, graph).arrays.items():  # what it takes is known before it is compiled
            symbol = elf.symbols[f"{layer.name}_{name}"]
            assert elf.read(symbol.address, symbol.bytes) == array.tobytes()


def test_what_is_too_large_for_the_stairs_still_runs() -> None:
    assert functions(extreme(30)) == {"tp_dense_code_s8", "tp_dense_code_stairs_s8"}
    assert functions(extreme(31)) == {"tp_dense_code_s8"}


@MADE
def test_on_this_machine(made: str) -> None:
    graph = GRAPHS[made]()
    inputs = inputs_for(graph)
    np.testing.assert_array_equal(run_host(graph, inputs).output, reference.output(graph, inputs))


@TOOLCHAINS
@ON_CORES
@MADE
def test_on_cores(made: str, board: str, toolchain_name: str, tmp_path: Path) -> None:
    check(GRAPHS[made](), board, toolchain_name, tmp_path)


@TOOLCHAINS
@ON_CORES
@FEW
@given(drawn=graphs([Dense], 8))
def test_random_layers(board: str, toolchain_name: str, drawn: Graph, tmp_path_factory: pytest.TempPathFactory) -> None:
    layers = tuple(layer for layer in drawn.layers if isinstance(layer, Dense) and layer.weights.format == "code")
    graph = verify(plan_memory(verify(replace(drawn, layers=layers, outputs=(layers[-1].output,)))))
    check(graph, board, toolchain_name, tmp_path_factory.mktemp("code"))
