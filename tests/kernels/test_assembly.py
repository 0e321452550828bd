"""The kernels that hold assembly, on the core that they are for: random layers in the emulator give the reference's
bits, compiled by either compiler."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from random_graphs import graphs
from test_kernels import inputs_for

from tinyprune import board as boards
from tinyprune import reference, toolchain
from tinyprune.emulators import EMULATORS
from tinyprune.errors import ToolMissingError
from tinyprune.passes.plan_memory import plan_memory
from tinyprune.passes.verify import verify
from tinyprune.pipeline import Target, compile_graph

BOARD, EMULATOR = "stm32f4", "unicorn"
LAYERS, EXAMPLES = 12, 2
BOUNDED = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],  # an example is a firmware: too slow to shrink
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.parametrize("compiler", ["gcc", "zig"])
@pytest.mark.parametrize("kind", ["conv2d", "depthwise"])
@BOUNDED
@given(data=st.data())
def test_kernel_is_the_reference_on_its_core(
    kind: str, compiler: str, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    try:
        on = Target(boards.load(BOARD), toolchain.find(compiler), EMULATOR)
    except ToolMissingError as error:
        pytest.skip(error.what)
    graph = verify(plan_memory(verify(data.draw(graphs(kind, LAYERS)))))
    inputs = inputs_for(graph)
    folder: Path = tmp_path_factory.mktemp(kind)
    run = EMULATORS[EMULATOR](compile_graph(graph, inputs[0], on, folder), on.board, inputs)
    expected = reference.run(graph, inputs)
    wrong = [
        layer.name
        for layer in graph.layers
        if not np.array_equal(run.layer_outputs[layer.name].reshape(-1), expected[layer.output].reshape(-1))
    ]
    assert not wrong
