"""A layer that moves values writes each element of its output once, or fills it."""

import pytest
from chains import tensors

from tinyprune.ir import BlockCopy, Graph, Move
from tinyprune.passes.verify import InvalidGraphError, verify


def moved(*copies: BlockCopy, fill: int | None = None) -> Graph:
    return Graph("moved", tensors(x=(1, 6), y=(1, 6)), (Move("move", ("x",), "y", copies, fill),), ("x",), ("y",))


def run(start: int, count: int, to: int, step: int = 1) -> BlockCopy:
    return BlockCopy(0, (count,), start, (1,), to, (step,))


@pytest.mark.parametrize(
    "graph",
    [
        moved(run(0, 6, 5, -1)),
        moved(run(0, 2, 4), run(2, 4, 0)),
        moved(run(0, 3, 0, 2), run(3, 3, 5, -2)),
        moved(BlockCopy(0, (2, 3), 0, (3, 1), 0, (1, 2))),
        moved(run(0, 2, 1), fill=3),
    ],
)
def test_each_element_is_written_once_or_filled(graph: Graph) -> None:
    assert verify(graph) is graph


@pytest.mark.parametrize(
    ("graph", "problem"),
    [
        (moved(run(0, 3, 0), run(0, 3, 2)), "writes an element twice: 6 times to 5 elements"),
        (moved(run(0, 3, 0), run(0, 3, 4, -2)), "writes an element twice: 6 times to 4 elements"),
        (moved(BlockCopy(0, (2, 3), 0, (3, 1), 0, (2, 1))), "writes an element twice: 6 times to 5 elements"),
        (moved(BlockCopy(0, (6,), 0, (1,), 2, (0,))), "writes an element twice: 6 times to 1 elements"),
        (moved(run(0, 2, 1), run(0, 1, 2), fill=3), "writes an element twice: 3 times to 2 elements"),
        (moved(run(0, 5, 0)), "writes 5 of 6 elements"),
        (moved(run(0, 5, 0), run(0, 5, 1)), "writes 10 of 6 elements"),
        (moved(fill=3), "copies nothing"),
    ],
)
def test_a_number_of_writes_that_is_right_is_not_enough(graph: Graph, problem: str) -> None:
    with pytest.raises(InvalidGraphError, match=f"moved: layer move {problem}"):
        verify(graph)
