"""Parts in their whole: nothing is copied, nothing is written over, and no plan takes more memory for it."""

from dataclasses import replace

import numpy as np
import pytest
from host import run_host
from moving import Moving, random_moving
from networks import adversarial_inputs

from tinyprune import ir, reference
from tinyprune.codegen.model import model_files
from tinyprune.codegen.moves import is_there
from tinyprune.ir import Arena, Graph, Int8, Padding, Placement
from tinyprune.passes import share_places
from tinyprune.passes.plan_memory import alive_bytes, liveness_bound, plan_memory
from tinyprune.passes.verify import InvalidGraphError, verify
from tinyprune.reference.moves import elements

QUANT = ir.Quant((0.5,), 3)
SHAPE = (1, 4, 4, 2)


def network(shape: tuple[int, ...] = SHAPE) -> Moving:
    return Moving(shape, zero_point=3)


def planned(graph: Graph) -> tuple[Graph, Arena]:
    """`graph` with an arena in which the C on this machine gives every layer's values."""
    done = verify(plan_memory(graph))
    assert done.arena is not None
    inputs = adversarial_inputs(graph)
    expected, run = reference.run(graph, inputs), run_host(done, inputs)
    for layer in graph.layers:
        np.testing.assert_array_equal(run.layers[layer.name], expected[layer.output], err_msg=layer.name)
    np.testing.assert_array_equal(run.output, expected[graph.outputs[0]])
    return done, done.arena


def copies(graph: Graph) -> int:
    """How often the code of a planned graph calls for a move."""
    code = model_files(graph, "")["model.c"]
    assert isinstance(code, str)
    return code.count("tp_move_s8(")


def test_joined_rows_are_computed_where_they_belong() -> None:
    net = network()
    a, b = net.conv(net.input, 3), net.conv(net.input, 3)
    done, arena = planned(net.graph(net.concat(a, b, axis=1)))
    assert copies(done) == 0
    assert "tp_move_s8" not in " ".join(model_files(done, ""))
    assert arena.activation_bytes == 32 + 2 * 48
    assert arena.tensors[b].offset - arena.tensors[a].offset == 48


def test_cut_rows_are_where_they_were() -> None:
    net = network()
    x = net.conv(net.input, 4)
    first, second = net.slice(x, 1, 0, 1), net.slice(x, 1, 1, 3)
    done, arena = planned(net.graph(net.concat(net.softmax(second), net.softmax(first), axis=1)))
    assert copies(done) <= 2
    assert [arena.tensors[name].offset - arena.tensors[x].offset for name in (first, second)] == [0, 16]


def test_channels_of_one_pixel_are_one_run_and_those_of_more_are_not() -> None:
    for side, moves in ((1, 0), (4, 2)):
        net = network((1, side, side, 4))
        joined = net.concat(net.conv(net.input, 4), net.conv(net.input, 8))
        assert copies(planned(net.graph(joined))[0]) == moves


def test_a_reshape_of_a_part_is_a_part() -> None:
    net = network()
    a, b = (net.flatten(net.conv(net.input, 2)) for _ in range(2))
    done, arena = planned(net.graph(net.concat(a, b, axis=1)))
    assert copies(done) == 0
    assert arena.activation_bytes == 3 * 32


def test_the_input_and_what_is_needed_later_are_parts_too() -> None:
    net = network()
    both = net.concat(net.input, net.conv(net.input, 2), axis=1)
    y = net.add(both, net.concat(net.input, net.input, axis=1))
    done, _ = planned(net.graph(y))
    assert copies(done) == 2


def test_what_is_in_two_wholes_is_in_one_of_them() -> None:
    net = network()
    a, b = net.conv(net.input, 2), net.conv(net.input, 2)
    one, other = net.concat(a, b, axis=1), net.concat(b, a, axis=1)
    assert copies(planned(net.graph(net.add(one, other)))[0]) == 2


def test_joined_to_what_was_joined() -> None:
    net = network()
    x = net.conv(net.input, 2)
    for _ in range(3):
        x = net.concat(x, net.conv(x, 2), axis=1)
    done, _ = planned(net.graph(x))
    assert copies(done) == 0


@pytest.mark.parametrize("start", [1, 4])
def test_runs_begin_where_kernels_may_read_words(start: int) -> None:
    net = network((1, 8, 1, 1))
    x = net.softmax(net.input)
    done, _ = planned(net.graph(net.slice(x, 1, start, 4)))
    assert copies(done) == (start != 4)


def test_what_is_filled_around_is_copied() -> None:
    net = network()
    padded = net.pad(net.conv(net.input, 2), Padding(2, 2, 0, 0))
    done, arena = planned(net.graph(padded))
    assert copies(done) == 1
    inside = Placement(arena.tensors[padded].offset + 16, 32)
    conv = net.layers[0].output
    naive = replace(arena, tensors={**arena.tensors, conv: inside})
    with pytest.raises(InvalidGraphError, match="overlap in the arena"):
        verify(replace(done, arena=naive))


def test_a_part_is_not_written_over_while_its_whole_is_needed() -> None:
    net = network()
    x = net.conv(net.input, 2)
    part = net.slice(x, 1, 0, 2)
    changed = net.softmax(part)
    graph = net.graph(net.dense(net.add(x, x), 3), changed)
    arena = verify(plan_memory(graph)).arena
    assert arena is not None
    start = arena.tensors[x].offset
    naive = {**arena.tensors, part: Placement(start, 16), changed: Placement(start, 16)}
    with pytest.raises(InvalidGraphError, match="overlap in the arena"):
        verify(replace(graph, arena=replace(arena, tensors=naive)))


@pytest.mark.parametrize("apart", [-4, 4, 8])
def test_a_part_lies_where_it_belongs_or_elsewhere(apart: int) -> None:
    net = network()
    x = net.conv(net.input, 2)
    part = net.slice(x, 1, 1, 2)
    done, arena = planned(net.graph(net.concat(part, net.slice(net.softmax(x), 1, 0, 2), axis=1)))
    right = arena.tensors[part]
    moved = replace(right, offset=arena.tensors[x].offset + 8 + apart)
    with pytest.raises(InvalidGraphError, match="overlap in the arena"):
        verify(replace(done, arena=replace(arena, tensors={**arena.tensors, part: moved})))


def test_a_small_part_does_not_hold_a_large_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """The end of the outcome, computed first and needed last: its place would be that of all of it, all the time."""
    net = network((1, 8, 8, 2))
    early = net.slice(net.conv(net.input, 2), 1, 0, 1)
    x = net.conv(net.conv(net.input, 8), 8)
    late = net.slice(net.slice(x, 1, 0, 6), 3, 0, 2)
    graph = net.graph(net.concat(late, early, axis=1))
    bound = liveness_bound(graph)
    monkeypatch.setattr(share_places, "parts", lambda _: {})
    assert bound <= liveness_bound(graph)


def simulate(graph: Graph, inputs: Int8) -> None:
    """Runs `graph` in the bytes of its arena, without the copies that are not made; every layer gives its values."""
    assert graph.arena is not None
    spots, expected = graph.arena.tensors, reference.run(graph, inputs)
    memory = np.zeros((len(inputs), graph.arena.bytes), np.int8)

    def at(name: str) -> Int8:
        return memory[:, spots[name].offset : spots[name].end]

    at(graph.inputs[0])[...] = inputs.reshape(len(inputs), -1)
    for layer in graph.layers:
        values = {name: at(name).reshape(expected[name].shape).copy() for name in {*ir.layer_inputs(layer)} & {*spots}}
        values |= {name: expected[name] for name in graph.constants}
        if isinstance(layer, ir.Move):
            move(layer, graph, values, at(layer.output))
        else:
            at(layer.output)[...] = reference.run_layer(layer, graph, values).reshape(len(inputs), -1)
        wanted = expected[layer.output].reshape(len(inputs), -1)
        np.testing.assert_array_equal(at(layer.output), wanted, err_msg=layer.name)
    for name in graph.outputs:
        np.testing.assert_array_equal(at(name), expected[name].reshape(len(inputs), -1))


def move(layer: ir.Move, graph: Graph, values: dict[str, Int8], output: Int8) -> None:
    if layer.fill is not None:
        output[...] = layer.fill
    for copy in layer.copies:
        if not is_there(copy, layer, graph):
            x = values[layer.inputs[copy.source]].reshape(len(output), -1)
            read = elements(copy.shape, copy.input_offset, copy.input_strides)
            output[:, elements(copy.shape, copy.output_offset, copy.output_strides)] = x[:, read]


def test_random_plans_keep_every_value_and_take_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    saved = 0
    for seed in range(150):
        graph = random_moving(seed)
        done, needed = verify(plan_memory(graph)), max(alive_bytes(graph))
        simulate(done, adversarial_inputs(graph))
        with monkeypatch.context() as patch:
            patch.setattr(share_places, "parts", lambda _: {})
            apart = plan_memory(graph)
            assert needed <= max(alive_bytes(graph))
        saved += copies(apart) - copies(done)
    assert saved > 50
