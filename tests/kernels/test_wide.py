"""What a depthwise convolution hands to a 1x1 convolution as int16: the same values, in less time."""

from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from host import run_host
from hypothesis import HealthCheck, Phase, given, settings
from wide_pairs import CONV, DEPTHWISE, SAME, Pair, inputs_for, pair_graph, pair_graphs, wide

from tinyprune import board as boards
from tinyprune import emulators, kernels, reference, toolchain
from tinyprune.errors import ToolMissingError
from tinyprune.ir import Graph
from tinyprune.kernels import depthwise
from tinyprune.passes.plan_memory import plan_memory
from tinyprune.pipeline import Target, compile_graph
from tinyprune.profiling.profile import priced

BOUNDED = settings(
    max_examples=3,
    derandomize=True,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],  # an example is a compilation: too slow to shrink
    suppress_health_check=list(HealthCheck),
)


@BOUNDED
@given(graph=pair_graphs())
def test_a_pair_on_this_machine(graph: Graph) -> None:
    """Under sanitizers: a tile reads beyond the last pixel, not beyond the tensor."""
    made, inputs = wide(graph), inputs_for(graph)
    assert all(made.tensors[layer.output].wide for layer in made.layers[0::2])
    assert {kernels.kernel(layer).function for layer in made.layers} == {f"{DEPTHWISE}_wide_s8", f"{CONV}_wide_s8"}
    expected, actual = reference.run(graph, inputs), run_host(made, inputs)
    for layer in made.layers:
        np.testing.assert_array_equal(actual.layers[layer.name], expected[layer.output], layer.name)
    np.testing.assert_array_equal(actual.output, reference.output(graph, inputs))


@pytest.mark.parametrize("toolchain_name", ["gcc", "zig"])
@settings(BOUNDED, max_examples=1)
@given(graph=pair_graphs())
def test_a_pair_in_the_emulator(toolchain_name: str, graph: Graph, tmp_path_factory: pytest.TempPathFactory) -> None:
    try:
        on = Target(boards.load("stm32f4"), toolchain.find(toolchain_name), "unicorn")
    except ToolMissingError as error:
        pytest.skip(error.what)
    made, inputs = wide(graph), inputs_for(graph)
    folder: Path = tmp_path_factory.mktemp("wide")
    run = emulators.run(on.emulator, compile_graph(made, inputs[0], on, folder), on.board, inputs)
    expected = reference.run(graph, inputs)
    for layer in made.layers:
        values = made.tensors[layer.output].values(run.layer_outputs[layer.name])
        np.testing.assert_array_equal(values, expected[layer.output].reshape(len(inputs), -1), layer.name)


@pytest.mark.parametrize("toolchain_name", ["gcc", "zig"])
def test_all_tiles_that_store_int16(toolchain_name: str, tmp_path: Path) -> None:
    """Each pitch, both strides, both ways to requantize: outputs of either sign, above and below each other."""
    try:
        on = Target(boards.load("nucleo-l4r5zi"), toolchain.find(toolchain_name), "unicorn")
    except ToolMissingError as error:
        pytest.skip(error.what)
    ways = product(depthwise.PITCHES, (1, 2), (-128, 3))
    pairs = [
        Pair(
            window=replace(SAME, stride=(step, step)),
            rows=(pitch - 1) * (3 - step),
            zero_points=(zero_point, 3),
            scale=2.0**-8.3,
        )
        for pitch, step, zero_point in ways
    ]
    graph = pair_graph((1, 7, 5, 6), pairs)
    made, inputs = wide(graph), inputs_for(graph)
    elf = compile_graph(made, inputs[0], on, tmp_path)
    tiles = {name for name in elf.symbols if name.startswith("tp_depthwise_wide_")}
    assert tiles == {
        f"tp_depthwise_wide_{way}_{steps}_{pitch}"
        for pitch, steps, way in product(depthwise.PITCHES, ("ones", "twos"), ("level", "right"))
    }
    run, expected = emulators.run(on.emulator, elf, on.board, inputs), reference.run(made, inputs)
    for layer in made.layers:
        values = made.tensors[layer.output].values(run.layer_outputs[layer.name])
        np.testing.assert_array_equal(values, expected[layer.output].reshape(len(inputs), -1), layer.name)


@pytest.mark.parametrize("shape", [(1, 3, 3, 8), (1, 12, 5, 16), (1, 24, 24, 8)])
def test_twins_are_not_slower(shape: tuple[int, ...], tmp_path: Path) -> None:
    """That of the depthwise kernel takes the same time, but for how its code lies; that of the other packs nothing."""
    graph, on = pair_graph(shape, [Pair()]), Target(boards.load("nucleo-l4r5zi"), toolchain.find("gcc"), "unicorn")
    narrow = _cycles(plan_memory(graph), on, tmp_path / "narrow")
    quick = _cycles(wide(graph), on, tmp_path / "wide")
    assert quick["depthwise_0"] < 1.01 * narrow["depthwise_0"]
    assert quick["conv_0"] < narrow["conv_0"]


def _cycles(graph: Graph, on: Target, folder: Path) -> dict[str, int]:
    folder.mkdir()
    inputs = inputs_for(graph)[:1]
    elf = compile_graph(graph, inputs[0], on, folder)
    run = emulators.run(on.emulator, elf, on.board, inputs)
    spent = priced(elf, on.board, run)
    assert spent
    return {name: cost.cycles or 0 for name, cost in spent.layers.items()}
