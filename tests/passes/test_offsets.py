"""The search for offsets: valid for blocks that share a place too, and as good as trying everything."""

from itertools import combinations, permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinyprune.passes import offset_search, offsets
from tinyprune.passes.offsets import Block, extent, lower_bound, place


@st.composite
def questions(draw: st.DrawFn, most: int = 12) -> tuple[list[Block], dict[str, str]]:
    """Blocks, some of which take the place of one that ends where they start."""
    blocks: list[Block] = []
    same: dict[str, str] = {}
    for number in range(draw(st.integers(0, most))):
        start = draw(st.integers(0, 8))
        ends = [block for block in blocks if block.end == start and block.name not in same.values()]
        block = Block(f"block {number}", draw(st.integers(1, 40)), start, start + draw(st.integers(0, 5)))
        if ends and draw(st.booleans()):
            same[block.name] = ends[0].name
        blocks.append(block)
    return blocks, same


@settings(deadline=None)
@given(questions())
def test_valid_and_never_below_the_bound(asked: tuple[list[Block], dict[str, str]]) -> None:
    blocks, same = asked
    places = place(blocks, same)
    assert extent(places) >= lower_bound(blocks, same)
    group = {block.name: block.name for block in blocks}
    for later, earlier in same.items():
        assert places[later].offset == places[earlier].offset
        group[later] = group[earlier]
    for one, other in combinations(blocks, 2):
        together = one.start <= other.end and other.start <= one.end
        apart = places[one.name].end <= places[other.name].offset or places[other.name].end <= places[one.name].offset
        assert apart or not together or group[one.name] == group[other.name]


def lowest(blocks: list[Block]) -> int:
    """Each order of pushing blocks down from above their predecessors: one of them is best."""

    def height(order: tuple[Block, ...]) -> int:
        tops: list[tuple[Block, int]] = []
        for block in order:
            under = [top for other, top in tops if block.start <= other.end and other.start <= block.end]
            tops.append((block, max(under, default=0) + -(-block.bytes // 4) * 4))
        return max((top for _, top in tops), default=0)

    return min(map(height, permutations(blocks)))


@settings(deadline=None, max_examples=60)
@given(questions(most=6))
def test_as_good_as_trying_everything(asked: tuple[list[Block], dict[str, str]]) -> None:
    assert extent(place(asked[0])) == lowest(asked[0])


HARD = [  # every greedy order takes 80 bytes, 68 are alive at once and are enough
    Block("a", 16, 1, 3),
    Block("b", 12, 3, 5),
    Block("c", 32, 5, 8),
    Block("d", 8, 2, 4),
    Block("e", 20, 3, 6),
    Block("f", 28, 0, 2),
    Block("g", 16, 2, 2),
]


def test_the_search_goes_beyond_the_greedy_orders(monkeypatch: pytest.MonkeyPatch) -> None:
    found = extent(place(HARD))
    monkeypatch.setattr(offsets, "search", lambda *_: None)
    assert found == lowest(HARD) < extent(place(HARD))


def test_the_search_ends_after_a_number_of_nodes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(offset_search, "MAX_WORK", 0)
    assert extent(place(HARD)) > lower_bound(HARD)
