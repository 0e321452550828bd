"""Sums by tables give the reference's bits for every pair of inputs, or are refused."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinyprune import ir, reference
from tinyprune.ir import Clamp, Graph, Int8, Quant, Tensor
from tinyprune.kernels.sum_tables import SUM, SumTables, sum_tables
from tinyprune.passes.tabulate_sums import WORTH_IT, tabulate_sums
from tinyprune.passes.verify import InvalidGraphError, verify

EDGES = st.sampled_from([-128, -127, -1, 0, 127]) | st.integers(-128, 127)
CLAMPS = st.tuples(EDGES, EDGES).map(lambda pair: (min(pair), max(pair)))
KINDS = st.sampled_from([ir.Add, ir.Sub])
WITHOUT_DSP, WITH_DSP = frozenset({"no_dsp"}), frozenset({"dsp"})


def graph_of(
    kind: type[ir.Add | ir.Sub], scales: tuple[float, ...], zero_points: tuple[int, ...], clamp: Clamp
) -> Graph:
    """All pairs of values, the one in rows and the other one in columns."""
    shapes = (1, 256, 1), (1, 1, 256), (1, 256, 256)
    made = zip("aby", shapes, scales, zero_points, strict=True)
    tensors = {name: Tensor(name, shape, Quant((scale,), zero)) for name, shape, scale, zero in made}
    layer = kind("sum", "a", "b", "y", clamp)
    return verify(Graph("sums", tensors, (layer,), ("a", "b"), ("y",)))


def found(graph: Graph) -> SumTables:
    (layer,) = graph.layers
    assert isinstance(layer, ir.Binary)
    return sum_tables(layer, graph)


def summed(of: SumTables, clamp: Clamp) -> Int8:
    """What `tp_sum_tables_s8` computes for all pairs of values from -128 on, by its text: 32 bits at a time."""
    order = np.arange(-128, 128) & 255
    with np.errstate(over="raise"):
        sums = of.input[order][:, None] + of.other[order]
        moved = sums + np.where(sums < 0, np.int32(of.below), np.int32(of.above))
    return (np.clip(moved >> of.fraction, 0, clamp[1] - clamp[0]) + clamp[0]).astype(np.int8)


def compare(graph: Graph) -> None:
    every = np.arange(-128, 128, dtype=np.int8)
    values = np.concatenate([every, every])[None]
    expected = reference.output(graph, values).reshape(256, 256)
    np.testing.assert_array_equal(summed(found(graph), graph.layers[0].clamp), expected)  # type: ignore[union-attr]


@settings(max_examples=40, derandomize=True, deadline=None)
@given(KINDS, st.floats(-6, 6), st.floats(-3, 6), st.tuples(EDGES, EDGES, EDGES), CLAMPS)
def test_every_pair(
    kind: type[ir.Add | ir.Sub], other: float, output: float, zero_points: tuple[int, ...], clamp: Clamp
) -> None:
    graph = graph_of(kind, (1.0, 2**other, max(1.0, 2**other) * 2**output), zero_points, clamp)
    if not found(graph).problem:
        compare(graph)


@pytest.mark.parametrize("kind", [ir.Add, ir.Sub])
def test_ties_are_rounded_away_from_zero_on_both_sides(kind: type[ir.Add | ir.Sub]) -> None:
    """Half of all sums are odd, and an output is half a sum."""
    graph = graph_of(kind, (1.0, 1.0, 2.0), (3, -5, 7), (-128, 127))
    assert not found(graph).problem
    compare(graph)


def test_usual_scales_are_taken() -> None:
    random = np.random.default_rng(0)
    for _ in range(20):
        scales = tuple(2 ** random.uniform(-1, 1, 3))
        assert not found(graph_of(ir.Add, scales, (-3, 4, -128), (-128, 127))).problem


def test_what_cannot_be_proved_is_refused() -> None:
    """One in a hundred pairs of scales has terms whose rounding shows."""
    graph = graph_of(ir.Sub, (1.0, 0.762, 2.98), (0, 1, 0), (-128, 127))
    assert "rounding of 3 pairs of inputs" in found(graph).problem
    (layer,) = graph.layers
    assert isinstance(layer, ir.Binary)
    with pytest.raises(InvalidGraphError, match="cannot run with tp_sum_tables_s8: no constants"):
        verify(replace(graph, layers=(replace(layer, kernel=SUM.function),)))


def sums(sizes: list[int]) -> Graph:
    tensors = {f"{end}{size}": Tensor(f"{end}{size}", (1, size), Quant((1.0,), 0)) for size in sizes for end in "xy"}
    layers = tuple(ir.Add(f"sum_{size}", f"x{size}", f"x{size}", f"y{size}", (-128, 127)) for size in sizes)
    return Graph("sums", tensors, layers, tuple(f"x{size}" for size in sizes), tuple(f"y{size}" for size in sizes))


def tabulated(graph: Graph) -> list[str]:
    return [layer.name for layer in graph.layers if isinstance(layer, ir.Binary) and layer.kernel == SUM.function]


def test_the_largest_sums_get_what_flash_there_is() -> None:
    graph = sums([WORTH_IT - 1, 2000, 4000, 3000])
    assert tabulated(tabulate_sums(graph, WITHOUT_DSP, 1 << 20)) == ["sum_2000", "sum_4000", "sum_3000"]
    assert tabulated(tabulate_sums(graph, WITHOUT_DSP, 4096)) == ["sum_4000", "sum_3000"]
    assert tabulated(tabulate_sums(graph, WITHOUT_DSP, 2047)) == []
    assert tabulated(tabulate_sums(graph, WITH_DSP, 1 << 20)) == []
