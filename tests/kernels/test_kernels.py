"""Every kernel on random layers gives the reference's bits: on this machine under sanitizers, and in the emulator."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from host import run_host
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from random_graphs import KINDS, graphs

from tinyprune import board as boards
from tinyprune import emulators, ir, kernels, reference, toolchain
from tinyprune.errors import ToolMissingError
from tinyprune.ir import Graph, Int8, Layer, Weighted
from tinyprune.passes.plan_memory import plan_memory
from tinyprune.passes.verify import verify
from tinyprune.pipeline import Target, compile_graph

LAYERS, WEIGHTED_LAYERS, EXAMPLES = 20, 3, 6  # of one kind on this machine; one with weights runs in dozens of ways
EMULATED_LAYERS, EMULATED_EXAMPLES = 1, 2  # of each kind in one image
BOUNDED = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],  # an example is a compilation: too slow to shrink
    suppress_health_check=list(HealthCheck),
)


def inputs_for(graph: Graph) -> Int8:
    """All lowest, all highest, all zero point, and random values."""
    tensor = graph.tensors["input"]
    edges = [np.full(tensor.shape, value, np.int8) for value in (-128, 127, tensor.zero_point)]
    random = np.random.default_rng(0).integers(-128, 128, (3, *tensor.shape[1:]), np.int8)
    return np.concatenate([*edges, random])


# layers whose random tests are golden ones, of whole files: tests/golden/test_stateful*.py
GOLDEN = {ir.Lstm, ir.Svdf}


def wrong_layers(graph: Graph, inputs: Int8, actual: Mapping[str, Int8]) -> list[str]:
    expected = reference.run(graph, inputs)
    pairs = {layer.name: (expected[layer.output].reshape(-1), actual[layer.name].reshape(-1)) for layer in graph.layers}
    return [name for name, (wanted, given) in pairs.items() if not np.array_equal(wanted, given)]


def test_each_kernel_is_among_the_random_layers() -> None:
    assert KINDS.keys() == {kind for kind, _ in kernels.KERNELS} - GOLDEN


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@BOUNDED
@given(data=st.data())
def test_kernel_is_the_reference(kind: type[Layer], data: st.DataObject) -> None:
    count = WEIGHTED_LAYERS if issubclass(kind, Weighted) else LAYERS
    graph = plan_memory(verify(data.draw(graphs([kind], count))))
    inputs = inputs_for(graph)
    actual = run_host(verify(graph), inputs)
    assert not wrong_layers(graph, inputs, actual.layers)
    np.testing.assert_array_equal(actual.output, reference.output(graph, inputs))


@pytest.mark.parametrize("toolchain_name", ["gcc", "zig"])
@settings(BOUNDED, max_examples=EMULATED_EXAMPLES)
@given(data=st.data())
def test_kernels_in_the_emulator(
    toolchain_name: str, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """All of them in one image."""
    try:
        on = Target(boards.load("stm32f4"), toolchain.find(toolchain_name), "unicorn")
    except ToolMissingError as error:
        pytest.skip(error.what)
    drawn = data.draw(graphs([*KINDS], EMULATED_LAYERS).filter(lambda graph: graph.tensors["input"].bytes > 16))
    graph = verify(plan_memory(verify(drawn)))
    inputs = inputs_for(graph)
    folder: Path = tmp_path_factory.mktemp("emulated")
    run = emulators.run(on.emulator, compile_graph(graph, inputs[0], on, folder), on.board, inputs)
    assert not wrong_layers(graph, inputs, run.layer_outputs)
