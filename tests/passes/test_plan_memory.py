"""The memory plan: nothing that is alive at the same time shares a byte, and little is wasted."""

from itertools import combinations

import numpy as np
import pytest
from chains import every_operator
from hypothesis import given
from hypothesis import strategies as st

from tinyprune import formats
from tinyprune.ir import Arena, Conv2D, Graph, Padding, Placement, Quant, Tensor, Window
from tinyprune.passes.offsets import ALIGNMENT, Block, extent, place
from tinyprune.passes.plan_memory import crucial_scratch, plan_memory
from tinyprune.passes.verify import verify


@st.composite
def blocks(draw: st.DrawFn) -> list[Block]:
    def block(number: int) -> Block:
        start = draw(st.integers(0, 12))
        return Block(f"block {number}", draw(st.integers(1, 40)), start, start + draw(st.integers(0, 6)))

    return [block(number) for number in range(draw(st.integers(0, 12)))]


def alive_together(one: Block, other: Block) -> bool:
    return bool(set(range(one.start, one.end + 1)) & set(range(other.start, other.end + 1)))


def bytes_of(spot: Placement) -> set[int]:
    return set(range(spot.offset, spot.offset + spot.bytes))


@given(blocks())
def test_what_is_alive_together_shares_no_byte(wanted: list[Block]) -> None:
    places = place(wanted)
    assert {name: spot.bytes for name, spot in places.items()} == {block.name: block.bytes for block in wanted}
    for one, other in combinations(wanted, 2):
        if alive_together(one, other):
            assert not bytes_of(places[one.name]) & bytes_of(places[other.name])


@given(blocks())
def test_every_offset_is_aligned(wanted: list[Block]) -> None:
    assert not any(spot.offset % ALIGNMENT for spot in place(wanted).values())


@given(blocks())
def test_the_arena_lies_between_the_largest_moment_and_everything_side_by_side(wanted: list[Block]) -> None:
    most_alive = max((sum(b.bytes for b in wanted if b.start <= step <= b.end) for step in range(20)), default=0)
    side_by_side = sum(-(-block.bytes // ALIGNMENT) * ALIGNMENT for block in wanted)
    assert most_alive <= extent(place(wanted)) <= side_by_side


@given(blocks().flatmap(lambda made: st.tuples(st.just(made), st.permutations(made))))
def test_the_order_of_the_question_does_not_matter(asked: tuple[list[Block], list[Block]]) -> None:
    assert place(asked[0]) == place(asked[1])


def test_a_chain_takes_its_largest_pair() -> None:
    chain = [Block("a", 40, -1, 0), Block("b", 16, 0, 1), Block("c", 40, 1, 2)]
    assert extent(place(chain)) == 56
    assert place(chain)["a"].offset == place(chain)["c"].offset


@pytest.fixture
def arena() -> Arena:
    planned = verify(plan_memory(every_operator())).arena
    assert planned is not None
    return planned


def test_every_activation_and_scratch_has_a_place(arena: Arena) -> None:
    assert {name: spot.bytes for name, spot in arena.tensors.items()} == {
        name: tensor.bytes for name, tensor in every_operator().tensors.items()
    }
    assert {name: spot.bytes for name, spot in arena.scratch.items()} == {"conv2d_0": 3 * 3 * 2, "depthwise_1": 4 * 3}


def test_activations_alone_take_no_more_than_the_arena(arena: Arena) -> None:
    residual = 2 * 8 * 8 * 3  # both inputs of the addition; its output takes the place of one
    assert residual <= arena.activation_bytes <= arena.bytes


def three_convolutions() -> Graph:
    """Their patches take 36, 36 and 72 bytes, beside 128, 192 and 192 of activations."""
    channels, window = (4, 4, 8, 4), Window((3, 3), padding=Padding(1, 1, 1, 1))
    tensors = {name: Tensor(name, (1, 4, 4, c), Quant((1.0,), 0)) for name, c in zip("abcd", channels, strict=True)}
    layers = [
        Conv2D(
            f"to_{target}",
            source,
            target,
            formats.pack("dense", np.ones((count, 3, 3, tensors[source].shape[3]), np.int8), Quant((0.01,), 0)),
            np.zeros(count, np.int32),
            window,
            (-128, 127),
        )
        for source, target, count in zip("abc", "bcd", channels[1:], strict=True)
    ]
    return Graph("three", tensors, tuple(layers), ("a",), ("d",))


@pytest.mark.parametrize(("most", "crucial", "taken"), [(263, ["to_d"], 264), (200, ["to_d"], 264), (191, [], 192)])
def test_the_scratch_that_makes_a_plan_large(most: int, crucial: list[str], taken: int) -> None:
    planned = plan_memory(three_convolutions())
    assert planned.arena is not None and planned.arena.bytes == 264
    assert crucial_scratch(planned, most) == (crucial, taken)
