"""When activations become wide: where time counts, and there is room in SRAM for them and in flash for more code."""

from __future__ import annotations

from dataclasses import replace

import pytest
from wide_pairs import Pair, pair_graph

from tinyprune import board, kernels
from tinyprune.board import Board
from tinyprune.ir import Graph, Weighted
from tinyprune.kernels import scratch_bytes, variant
from tinyprune.lowering import Chooser
from tinyprune.passes.candidates import Cost, Costs, Rest
from tinyprune.passes.choose import Goal
from tinyprune.passes.plan_memory import plan_memory

SHAPE = (1, 12, 12, 8)
NARROW = 12 * 12 * 8
CODE = 700  # bytes of each kernel
REST = Rest(1000, 100, 200, 10, 10)
BOARD = board.load("nucleo-l4r5zi")


def chooser(graph: Graph, goal: Goal, cycles: int | None = 100, on: Board = BOARD) -> Chooser:
    """Each layer has the one candidate that it is."""
    layers = [layer for layer in graph.layers if isinstance(layer, Weighted)]
    stalls = None if cycles is None else 0
    costs = {
        layer.name: (
            Cost(
                "dense",
                layer.variant.kernel,
                layer.variant.rows,
                layer.variant.weights,
                operand_bytes=kernels.operand(layer, graph).bytes,
                flash_bytes=kernels.operand(layer, graph).bytes,
                scratch_bytes=scratch_bytes(layer, graph),
                functions={layer.variant.kernel: CODE},
                instructions=cycles,
                core_cycles=cycles,
                flash_stalls=stalls,
            ),
        )
        for layer in layers
    }
    rest = REST if cycles is not None else replace(REST, instructions=None, cycles=None)
    return Chooser(graph, on, Costs(costs, rest, ""), goal)


def is_wide(graph: Graph) -> bool:
    names = [variant(layer).kernel for layer in graph.layers]
    assert graph.tensors["d0"].wide == ("_wide_" in names[0]) == ("_wide_" in names[1])
    return graph.tensors["d0"].wide


def arena_bytes(graph: Graph) -> int:
    assert graph.arena is not None
    return graph.arena.bytes


def test_where_time_counts() -> None:
    graph = pair_graph(SHAPE, [Pair()])
    assert is_wide(chooser(graph, Goal()).choice(Goal()))
    assert not is_wide(chooser(graph, Goal(), cycles=None).choice(Goal()))  # then bytes of flash decide
    assert not is_wide(chooser(graph, Goal("flash")).choice(Goal("flash")))


def test_within_the_budget_of_sram() -> None:
    graph = pair_graph(SHAPE, [Pair()])
    made = chooser(graph, Goal()).choice(Goal())
    most = arena_bytes(made) + REST.sram_bytes
    assert arena_bytes(plan_memory(graph)) < arena_bytes(made)
    for sram, expected in ((most, True), (most - 1, False)):
        assert is_wide(chooser(graph, Goal(sram=sram)).choice(Goal(sram=sram))) == expected


def test_within_the_board() -> None:
    graph = pair_graph(SHAPE, [Pair()])
    reserved = 4096 - REST.stack_bytes
    most = arena_bytes(chooser(graph, Goal()).choice(Goal())) + REST.sram_bytes + reserved
    for size, expected in ((most, True), (most - 1, False)):
        regions = {**BOARD.memory, "sram": replace(BOARD.sram, bytes=size)}
        assert is_wide(chooser(graph, Goal(), on=replace(BOARD, memory=regions)).choice(Goal())) == expected


def test_within_the_budget_of_flash() -> None:
    """Other layers may run in the kernels whose twins these are: there is room for both, or for neither."""
    graph = pair_graph(SHAPE, [Pair()])
    operands = sum(kernels.operand(layer, graph).bytes for layer in graph.layers if isinstance(layer, Weighted))
    enough = REST.flash_bytes + operands + 4 * CODE
    for flash, expected in ((enough, True), (enough - 1, False)):
        assert is_wide(chooser(graph, Goal(flash=flash)).choice(Goal(flash=flash))) == expected


@pytest.mark.parametrize(("rows", "expected"), [(1, False), (12, True)])
def test_where_sram_counts_it_must_not_grow(rows: int, expected: bool) -> None:
    """The scratch of a whole packed input is as large as that input made wide."""
    graph = pair_graph(SHAPE, [Pair()])
    conv = graph.layers[1]
    assert isinstance(conv, Weighted)
    layers = (graph.layers[0], replace(conv, variant=replace(conv.variant, rows=rows)))
    goal = Goal("sram")
    assert is_wide(chooser(replace(graph, layers=layers), goal).choice(goal)) == expected
