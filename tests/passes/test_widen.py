"""Which activations are stored as int16, and what the plan and `verify` make of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from wide_pairs import CONV, DEPTHWISE, SAME, Pair, always, pair_graph, wide

from tinyprune import ir, kernels, reference
from tinyprune.ir import Graph, Padding, Quant, Tensor, Variant, Window
from tinyprune.passes.dump import dump
from tinyprune.passes.plan_memory import alive_bytes, plan_memory
from tinyprune.passes.verify import InvalidGraphError, verify
from tinyprune.passes.widen import as_stored, widen

SHAPE = (1, 5, 3, 7)
WIDE_BYTES = 2 * 16 * 8  # 15 pixels of 7 channels
REFUSED = {
    "clamp": Pair(clamp=(-100, 100)),
    "window": Pair(second=SAME),
    "stride": Pair(second=Window((1, 1), (2, 2))),
    "padding": Pair(second=Window((1, 1), padding=Padding(1, 1, 1, 1))),
}


def wide_names(graph: Graph) -> set[str]:
    return {name for name, tensor in graph.tensors.items() if tensor.wide}


def arena_bytes(graph: Graph) -> int:
    assert graph.arena is not None
    return graph.arena.bytes


def test_both_kernels_give_way_to_their_twins() -> None:
    graph = pair_graph(SHAPE, [Pair()])
    made = wide(graph)
    assert wide_names(made) == {"d0"}
    assert [kernels.kernel(layer).function for layer in made.layers] == [f"{DEPTHWISE}_wide_s8", f"{CONV}_wide_s8"]
    assert [kernels.narrow(kernels.kernel(layer).function) for layer in made.layers] == [
        kernels.kernel(layer).function for layer in graph.layers
    ]
    assert "tensor 'd0' 1x5x3x7 scale 1.0 zero_point -128 as int16 at " in dump(made)


def test_the_plan_holds_what_is_read() -> None:
    """An even number of values a pixel, a multiple of four pixels; no packed input, but the buffer for weights."""
    graph = pair_graph(SHAPE, [Pair(place="buffer")])
    planned, made = plan_memory(graph), wide(graph)
    assert planned.arena and made.arena
    assert planned.arena.tensors["d0"].bytes == 5 * 3 * 7
    assert made.arena.tensors["d0"].bytes == WIDE_BYTES
    assert made.arena.scratch["conv_0"].bytes == 4 * 8 < planned.arena.scratch["conv_0"].bytes
    before, after = alive_bytes(planned), alive_bytes(made)
    assert after[0] == before[0] + WIDE_BYTES - 108  # 105 bytes, whole words


@pytest.mark.parametrize("why", REFUSED)
def test_what_a_twin_cannot_do_stays_as_it_is(why: str) -> None:
    graph = pair_graph(SHAPE, [REFUSED[why], Pair()])
    assert wide_names(wide(graph)) == {"d1"}


def test_plain_kernels_have_no_twins() -> None:
    graph = pair_graph(SHAPE, [Pair()])
    for number in range(2):
        layer = graph.layers[number]
        assert isinstance(layer, ir.Weighted)
        plain = replace(layer, variant=ir.PLAIN)
        layers = (plain, graph.layers[1]) if number == 0 else (graph.layers[0], plain)
        assert not wide_names(wide(replace(graph, layers=layers)))


def test_what_others_read_too_stays_as_it_is() -> None:
    """Another layer, or the model's caller."""
    graph = pair_graph(SHAPE, [Pair()])
    assert not wide_names(wide(replace(graph, outputs=("y0", "d0"))))
    copied = ir.Reshape("copy", "d0", "z")
    tensors = {**graph.tensors, "z": replace(graph.tensors["d0"], name="z")}
    read_twice = replace(graph, tensors=tensors, layers=(*graph.layers, copied), outputs=("y0", "z"))
    assert not wide_names(wide(read_twice))


def test_as_many_as_fit_the_largest_first() -> None:
    strided = replace(SAME, stride=(2, 2))
    graph = plan_memory(pair_graph((1, 16, 16, 8), [Pair(window=strided), Pair(), Pair(window=strided)]))
    assert widen(graph, lambda _: False) is graph
    one_more = widen(graph, lambda made: len(wide_names(made)) <= 1)
    assert wide_names(one_more) == {"d1"}
    all_but_the_largest = widen(graph, lambda made: "d1" not in wide_names(made))
    assert wide_names(all_but_the_largest) == {"d0", "d2"}
    most = arena_bytes(widen(graph, always))
    assert wide_names(widen(graph, lambda made: arena_bytes(made) <= most)) == {"d0", "d1", "d2"}
    assert arena_bytes(widen(graph, lambda made: arena_bytes(made) <= most - 4)) < most


def test_the_values_are_the_same() -> None:
    graph = pair_graph(SHAPE, [Pair()])
    inputs = np.random.default_rng(0).integers(-128, 128, (2, *SHAPE[1:]), np.int8)
    np.testing.assert_array_equal(reference.output(wide(graph), inputs), reference.output(graph, inputs))


def test_values_out_of_the_arena() -> None:
    """Without what fills up pixels; a value that is no int8 is given as it is."""
    tensor = Tensor("t", (1, 1, 3, 3), Quant((1.0,), 0), wide=True)
    stored = np.arange(-8, 8, dtype="<i2").reshape(1, -1)
    stored[0, 5] = 300
    values = tensor.values(stored.view(np.int8))
    assert tensor.bytes == stored.nbytes and tensor.size == 9
    assert values.tolist() == [[-8, -7, -6, -4, 300, -2, 0, 1, 2]]


def test_storage_follows_from_the_kernels() -> None:
    """What a report names is enough to have the graph again."""
    made = wide(pair_graph(SHAPE, [Pair(), Pair(clamp=(-1, 1))]))
    forgotten = {name: replace(tensor, wide=False) for name, tensor in made.tensors.items()}
    assert as_stored(replace(made, tensors=forgotten)).tensors == made.tensors


def test_widths_that_do_not_match_are_invalid() -> None:
    graph = pair_graph(SHAPE, [Pair()])
    made = wide(graph)
    as_int8 = replace(made.tensors["d0"], wide=False)
    with pytest.raises(InvalidGraphError, match="depthwise_0 does not write 'd0' as int8"):
        verify(replace(made, tensors={**made.tensors, "d0": as_int8}, arena=None))
    with pytest.raises(InvalidGraphError, match="conv_0 reads 'd0', which is stored as int16"):
        verify(replace(made, layers=(made.layers[0], graph.layers[1]), arena=None))
    with pytest.raises(InvalidGraphError, match="depthwise_0 gives 'd0', an output of the model, as int16"):
        verify(replace(made, outputs=("d0",), arena=None))


def test_a_twin_is_proved_like_any_kernel() -> None:
    graph = as_stored(pair_graph(SHAPE, [Pair(clamp=(-1, 1))]))
    layer = graph.layers[0]
    assert isinstance(layer, ir.Weighted)
    twin = replace(layer, variant=Variant(f"{DEPTHWISE}_wide_s8", 4))
    with pytest.raises(InvalidGraphError, match=r"its outputs are clamped to -1\.\.1"):
        verify(as_stored(replace(graph, layers=(twin, *graph.layers[1:]))))
