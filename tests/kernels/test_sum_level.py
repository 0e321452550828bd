"""Sums by two multiplications give the reference's bits for every pair of inputs, or are refused."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_sum_tables import EDGES, KINDS, WITH_DSP, WITHOUT_DSP, graph_of

from tinyprune import ir, reference
from tinyprune.ir import Graph, Int8
from tinyprune.kernels.sum_level import FRACTION, SUM, SumLevel, sum_level
from tinyprune.passes.level_sums import level_sums
from tinyprune.passes.verify import InvalidGraphError, verify

INT8 = (-128, 127)


def found(graph: Graph) -> SumLevel:
    (layer,) = graph.layers
    assert isinstance(layer, ir.Binary)
    return sum_level(layer, graph)


def summed(to: SumLevel) -> Int8:
    """What `tp_sum_level_s8` computes for all pairs of values from -128 on, by its text."""
    raised = np.arange(-128, 128, dtype=np.int64) << 24
    other = (raised * to.other_multiplier >> 32) + to.addend
    total = (raised * to.input_multiplier >> 32)[:, None] + other
    assert abs(total).max() < 1 << 31
    return np.clip(total >> FRACTION, *INT8).astype(np.int8)


@settings(max_examples=40, derandomize=True, deadline=None)
@given(KINDS, st.floats(-6, 6), st.floats(-3, 6), st.tuples(EDGES, EDGES, EDGES))
def test_every_pair(kind: type[ir.Add | ir.Sub], other: float, output: float, zero_points: tuple[int, ...]) -> None:
    graph = graph_of(kind, (1.0, 2**other, max(1.0, 2**other) * 2**output), zero_points, INT8)
    to = found(graph)
    if not to.problem:
        every = np.arange(-128, 128, dtype=np.int8)
        expected = reference.output(graph, np.concatenate([every, every])[None]).reshape(256, 256)
        np.testing.assert_array_equal(summed(to), expected)


def test_usual_scales_are_taken() -> None:
    random = np.random.default_rng(0)
    graphs = [graph_of(ir.Add, tuple(2 ** random.uniform(-0.5, 0.5, 3)), (-3, 4, -128), INT8) for _ in range(20)]
    assert sum(not found(graph).problem for graph in graphs) >= 19


@pytest.mark.parametrize(
    ("scales", "zero_points", "clamp", "problem"),
    [
        ((1.0, 1.0, 2.0), (3, -5, 7), INT8, "no constant gives the exact rounding"),  # half of all sums are ties
        ((1.0, 1.0, 0.1), (0, 0, 0), INT8, "a multiplier of its inputs"),
        ((1.0, 1.0, 0.3), (-128, -128, -128), INT8, "a sum with 21 bits"),
        ((1.0, 0.7, 1.3), (0, 0, 0), (0, 127), r"clamped to 0\.\.127"),
    ],
)
def test_what_cannot_be_proved_is_refused(
    scales: tuple[float, ...], zero_points: tuple[int, ...], clamp: ir.Clamp, problem: str
) -> None:
    graph = graph_of(ir.Add, scales, zero_points, clamp)
    (layer,) = graph.layers
    assert isinstance(layer, ir.Binary)
    with pytest.raises(InvalidGraphError, match=f"cannot run with tp_sum_level_s8: .*{problem}"):
        verify(replace(graph, layers=(replace(layer, kernel=SUM.function),)))
    assert kernels_of(level_sums(graph, WITH_DSP)) == {""}


def kernels_of(graph: Graph) -> set[str]:
    return {layer.kernel for layer in graph.layers if isinstance(layer, ir.Binary)}


def test_cores_with_dsp_get_them() -> None:
    graph = graph_of(ir.Sub, (1.0, 0.7, 1.3), (1, 2, 3), INT8)
    assert kernels_of(level_sums(graph, WITH_DSP)) == {SUM.function}
    assert kernels_of(level_sums(graph, WITHOUT_DSP)) == {""}
