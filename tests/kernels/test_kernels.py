"""Every kernel on random layers: the C on this machine, under sanitizers, gives the reference's bits."""

import numpy as np
import pytest
from host import run_host
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from random_graphs import KINDS, graphs

from tinyprune import ir, kernels, reference
from tinyprune.ir import Graph, Int8
from tinyprune.passes.plan_memory import plan_memory
from tinyprune.passes.verify import verify

LAYERS, EXAMPLES = 20, 10
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


# layers whose random tests are golden ones, of whole files:
# tests/golden/test_{moves,binary,lookup,reduce,matrices,stateful}*.py
GOLDEN = {
    *(ir.Move, ir.ResizeNearest, ir.Lut, ir.Sub, ir.Mul, ir.Maximum, ir.Minimum, ir.Prelu, ir.Sum),
    *(ir.BatchMatMul, ir.TransposeConv2D, ir.Lstm, ir.Svdf),
}


def test_each_kernel_is_among_the_random_layers() -> None:
    assert len(KINDS) == len({kind for kind, _ in kernels.KERNELS} - GOLDEN)


@pytest.mark.parametrize("kind", KINDS)
@BOUNDED
@given(data=st.data())
def test_kernel_is_the_reference(kind: str, data: st.DataObject) -> None:
    graph = plan_memory(verify(data.draw(graphs(kind, LAYERS))))
    inputs = inputs_for(graph)
    expected = reference.run(graph, inputs)
    actual = run_host(verify(graph), inputs)
    wrong = [layer for layer in graph.layers if not np.array_equal(actual.layers[layer.name], expected[layer.output])]
    assert not wrong
    np.testing.assert_array_equal(actual.output, expected[graph.outputs[0]])
