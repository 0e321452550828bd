"""Outputs in the place of inputs: never another result, never more memory than the bound says, nothing else allowed."""

import os
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from chains import in_format
from host import require_asan, run_host
from hypothesis import given, settings
from hypothesis import strategies as st
from random_flows import random_flow

from tinyprune import reference
from tinyprune.frontend import tflite_import
from tinyprune.ir import Add, Arena, Graph, Layer, MaxPool, Padding, Placement, Quant, Reshape, Softmax, Tensor, Window
from tinyprune.passes.plan_memory import liveness_bound, plan_memory
from tinyprune.passes.verify import InvalidGraphError, live_ranges, verify

WHOLE = (-128, 127)
FLOWS = st.builds(random_flow, st.integers(0, 2**32 - 1), st.integers(1, 25))


def chain(*layers: Layer, outputs: tuple[str, ...] = ("y",)) -> Graph:
    names = {"x", *(layer.output for layer in layers)}
    tensors = {name: Tensor(name, (1, 4, 4, 2), Quant((0.5,), 3)) for name in sorted(names)}
    return Graph("chain", tensors, layers, ("x",), outputs)


def arena(graph: Graph) -> Arena:
    planned = verify(plan_memory(graph)).arena
    assert planned is not None
    return planned


def offsets(graph: Graph) -> dict[str, int]:
    return {name: spot.offset for name, spot in arena(graph).tensors.items()}


@settings(deadline=None, max_examples=60)
@given(FLOWS)
def test_no_plan_is_below_the_bound_or_differs_the_second_time(graph: Graph) -> None:
    planned = arena(graph)
    assert liveness_bound(graph) <= planned.activation_bytes <= planned.bytes
    assert planned == arena(graph)


@settings(deadline=None, max_examples=60)
@given(FLOWS)
def test_only_stated_pairs_overlap(graph: Graph) -> None:
    """Byte by byte and step by step: what is needed after a step is there whole, unless it is a view of the same."""
    spots, lives = arena(graph).tensors, live_ranges(graph)
    origin = {"x": "x"}
    for layer in graph.layers:
        origin[layer.output] = origin[layer.input] if isinstance(layer, Reshape) else layer.output
    for one, other in combinations(spots, 2):
        common = set(range(spots[one].offset, spots[one].end)) & set(range(spots[other].offset, spots[other].end))
        first, last = max(lives[one][0], lives[other][0]), min(lives[one][1], lives[other][1])
        if common and first <= last and origin[one] != origin[other]:
            assert first == last  # one ends in the layer that computes the other
            assert spots[one].offset == spots[other].offset


@pytest.mark.parametrize("seed", range(4))
def test_in_place_never_changes_a_result(seed: int) -> None:
    """In the product's own C under AddressSanitizer, against the reference, which has no places at all."""
    require_asan()
    graph = verify(plan_memory(random_flow(seed, 40)))
    assert graph.arena is not None
    inputs = np.random.default_rng(seed).integers(-128, 128, (4, *graph.tensors["x"].shape[1:]), np.int8)
    run, expected = run_host(graph, inputs), reference.run(graph, inputs)
    for layer in graph.layers:
        np.testing.assert_array_equal(run.layers[layer.name], expected[layer.output], err_msg=layer.name)
    np.testing.assert_array_equal(run.output, reference.outputs_of(graph, expected))
    assert len({spot.offset for spot in graph.arena.tensors.values()}) < len(graph.tensors) / 2


def test_an_output_takes_the_place_of_an_input_that_ends() -> None:
    graph = chain(Softmax("s", "x", "a", 1.0), Add("add", "a", "a", "y", WHOLE))
    assert offsets(graph) == {"a": 0, "x": 0, "y": 0}
    assert arena(graph).bytes == liveness_bound(graph) == 32


def test_an_input_that_is_needed_later_keeps_its_place() -> None:
    graph = chain(Softmax("s", "x", "a", 1.0), Add("add", "x", "a", "y", WHOLE))
    assert len({offsets(graph)["x"], offsets(graph)["a"]}) == 2
    assert arena(graph).bytes == 64


def test_a_view_lies_on_its_input_though_both_are_needed() -> None:
    graph = chain(Reshape("r", "x", "a"), Add("add", "x", "a", "y", WHOLE))
    assert offsets(graph) == {"a": 0, "x": 0, "y": 0}


def test_nothing_is_written_over_what_a_view_still_shows() -> None:
    graph = chain(Reshape("r", "x", "a"), Softmax("s", "x", "b", 1.0), Add("add", "a", "b", "y", WHOLE))
    assert offsets(graph)["b"] != offsets(graph)["a"] == offsets(graph)["x"]
    assert graph.tensors["x"].bytes * 2 == arena(graph).bytes
    assert_refused(graph, "b", "x")


def test_a_model_output_is_not_written_over() -> None:
    graph = chain(Softmax("s", "x", "a", 1.0), Softmax("t", "a", "y", 1.0), outputs=("a", "y"))
    assert offsets(graph)["a"] != offsets(graph)["y"]


def test_a_padded_pool_is_not_done_in_place_and_would_be_wrong() -> None:
    def pool(padding: Padding) -> Graph:
        return chain(MaxPool("pool", "x", "y", Window((3, 3), padding=padding), WHOLE))

    assert offsets(pool(Padding(1, 1, 1, 1)))["x"] != offsets(pool(Padding(1, 1, 1, 1)))["y"]
    assert len(set(offsets(pool(Padding(0, 2, 0, 2))).values())) == 1
    graph = pool(Padding(1, 1, 1, 1))
    assert_refused(graph, "y", "x")
    forced = replace(graph, arena=Arena(32, 32, {"x": Placement(0, 32), "y": Placement(0, 32)}, {}))
    inputs = np.random.default_rng(0).integers(-128, 128, (8, 4, 4, 2), np.int8)
    assert (run_host(forced, inputs).output != reference.output(graph, inputs)).any()


def assert_refused(graph: Graph, tensor: str, on: str) -> None:
    planned = plan_memory(graph)
    assert planned.arena is not None
    spots = {**planned.arena.tensors, tensor: planned.arena.tensors[on]}
    with pytest.raises(InvalidGraphError, match="overlap in the arena"):
        verify(replace(planned, arena=replace(planned.arena, tensors=spots)))


def test_places_may_be_one_only_where_they_begin_together() -> None:
    planned = plan_memory(chain(Softmax("s", "x", "y", 1.0)))
    assert planned.arena is not None
    beside = Arena(64, 64, {"x": Placement(0, 32), "y": Placement(4, 32)}, {})
    with pytest.raises(InvalidGraphError, match="overlap in the arena"):
        verify(replace(planned, arena=beside))


# activations of TFLM's own plan for the same files, as the wheel's head section reports them
@pytest.mark.parametrize(("name", "most"), [("kws", 16_000), ("ic", 49_152), ("vww", 73_728), ("ad", 768)])
def test_mlperf_arenas(name: str, most: int) -> None:
    folder = os.environ.get("TINYPRUNE_MODELS")
    if folder is None:
        pytest.skip("TINYPRUNE_MODELS names no folder with mlperf_tiny/*.tflite")
    graph = tflite_import.load(Path(folder) / "mlperf_tiny" / f"{name}.tflite")
    planned = arena(in_format(graph, "dense"))
    assert planned.activation_bytes <= most
    lives = live_ranges(graph)
    side_by_side = max(  # what no plan without work in place can go below
        sum(graph.tensors[tensor].bytes for tensor, (first, last) in lives.items() if first <= step <= last)
        for step in range(-1, len(graph.layers) + 1)
    )
    assert liveness_bound(graph) <= planned.activation_bytes <= 1.05 * liveness_bound(graph) <= 1.05 * side_by_side
