"""From an imported graph to one that is ready for code: simplified, formats and kernels chosen, memory planned."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from tinyprune import tuning
from tinyprune.board import ALL_FEATURES, Board
from tinyprune.codegen.firmware import check_sram
from tinyprune.emulators import machine
from tinyprune.errors import BudgetError
from tinyprune.ir import Binary, Graph, Int8, Weighted, states
from tinyprune.passes.candidates import Candidate, Costs, check_format, with_candidates
from tinyprune.passes.choose import UNITS, Goal, choose, main_measure, shared_code, total
from tinyprune.passes.level_sums import level_sums
from tinyprune.passes.plan_memory import activations_alive, plan_memory
from tinyprune.passes.simplify import simplify
from tinyprune.passes.tabulate_sums import tabulate_sums
from tinyprune.passes.verify import verify
from tinyprune.passes.widen import as_stored, widen
from tinyprune.report.report import Report
from tinyprune.toolchain import Toolchain

STACK_BYTES = 4096  # what a firmware reserves
LARGEST_OPERAND = 8  # bytes for a weight: those of Winograd's kernel
OTHER_BYTES = 1 << 16  # of code, of buffers
TABLES_SHARE = 16  # of the flash one part may go into tables of sums
CLEARLY = 0.97
"""Costs are measured layer by layer: a firmware takes as much as their sum, give or take about two in a hundred."""


def lower(graph: Graph, format_name: str, features: frozenset[str] = ALL_FEATURES) -> Graph:
    """`graph` for a core with `features`, in the smallest formats or the given one, by what is known without a
    compiler."""
    return estimated(graph, format_name, features)[0]


def estimated(graph: Graph, format_name: str, features: frozenset[str]) -> tuple[Graph, Costs]:
    """As `lower`, and what each candidate takes."""
    small = simplify(graph)
    check_format(small, format_name)
    costs = tuning.estimate(small, features, format_name)
    return verify(choose(small, costs, Goal(objective="flash", format=format_name))), costs


def lower_as(graph: Graph, layers: list[Mapping[str, Any]]) -> Graph:
    """`graph` as it was built before; `layers` are those of that build's report."""
    small = simplify(graph)
    saved = {layer["name"]: layer for layer in layers}
    names = [layer.name for layer in small.layers if isinstance(layer, Weighted)]
    parts = ("format", "kernel", "strip_rows", "weights_in")
    chosen = {name: Candidate(*(saved[name][part] for part in parts)) for name in names}
    made = as_stored(with_candidates(small, chosen, {name: saved[name]["reason"] for name in names}))
    binary = [
        replace(layer, kernel=saved[layer.name]["kernel"]) if isinstance(layer, Binary) else layer
        for layer in made.layers
    ]
    return verify(plan_memory(replace(made, layers=tuple(binary))))


@dataclass(frozen=True)
class Chooser:
    """Chooses for one model on one board: `small` is the model simplified, `goal` what was asked for."""

    small: Graph
    board: Board
    costs: Costs
    goal: Goal

    @staticmethod
    def of(
        graph: Graph,
        sample: Int8,
        board: Board,
        tools: Toolchain,
        emulated: bool,
        goal: Goal,
        say: Callable[[str], None],
    ) -> Chooser:
        """Measures what candidates cost, in time only if it is `emulated`, and if the goal depends on it. Sums are by
        tables where the core gains by that, the goal depends on time, and all fits the board with them."""
        small = level_sums(simplify(graph), board.features)
        check_format(small, goal.format)
        check_sram(board, max(activations_alive(small)) + sum(state.bytes for state in states(small)), STACK_BYTES)
        timed = goal.objective != "flash" or goal.cycles is not None
        on = tuning.Setting(
            board=board,
            tools=tools,
            emulated=emulated and timed and board.core in machine.CORES,
            format=goal.format,
            smallest=goal.objective == "flash",
            bytes_matter=goal.objective != "cycles" or not _is_ample(small, board, goal),
        )
        room = min(board.flash.bytes, goal.flash or board.flash.bytes) // TABLES_SHARE if timed else 0
        fast = tabulate_sums(small, board.features, room)
        chooser = Chooser(fast, board, tuning.tune(fast, sample, on, say), goal)
        if fast is small or chooser._has_choice():
            return chooser
        return Chooser(small, board, tuning.tune(small, sample, on, say), goal)

    def _has_choice(self) -> bool:
        try:
            choose(self.small, self.costs, self._on_board(self.goal))
        except BudgetError:
            return False
        return True

    def choice(self, goal: Goal) -> Graph:
        """The best for `goal` that fits the board: all dense, unless another choice is clearly better; with the
        activations wide for which there is room."""
        within = self._on_board(goal)
        best = choose(self.small, self.costs, within)
        try:
            dense = choose(self.small, self.costs, within, only="dense") if goal.format == "auto" else best
        except BudgetError:
            dense = best
        measure = main_measure(self.costs, goal.objective)
        figures = [total(graph, self.costs, measure) for graph in (best, dense)]
        taken = best if figures[0] < CLEARLY * figures[1] else dense
        return verify(widen(taken, self._room(taken, within, measure)))

    def _room(self, taken: Graph, within: Goal, measure: str) -> Callable[[Graph], bool]:
        """Whether a graph that differs from the choice `taken` in its arena and in twins of kernels is within the
        budgets, and takes no more of `measure`. Twins of some layers may come beside the kernels of others, so none are
        taken where flash is what counts."""
        spare = {name: within.budgets[name] - total(taken, self.costs, name) for name in ("flash", "sram")}
        if measure == "flash" or spare["flash"] < shared_code(taken, self.costs):
            return lambda wide: False
        most = _arena_bytes(taken) + (0 if measure == "sram" else spare["sram"])
        return lambda wide: _arena_bytes(wide) <= most

    def _on_board(self, goal: Goal) -> Goal:
        """`goal` with budgets that are at most what the board has."""
        rest, ccm = self.costs.rest, self.board.memory.get("ccm")
        reserved = 0 if ccm and ccm.bytes >= STACK_BYTES else STACK_BYTES
        sram = self.board.sram.bytes - reserved + rest.stack_bytes
        here = {"flash": self.board.flash.bytes, "sram": sram}
        return replace(goal, **{name: min(goal.budgets.get(name, most), most) for name, most in here.items()})

    def corrected(self, goal: Goal, report: Report) -> Goal | None:
        """None where what was built for `goal` is within what was asked for; else a goal that is as much lower as the
        build is above."""
        built = {"flash": report.flash.total, "sram": report.sram.total, "cycles": report.cycles}
        above = {name: (built[name] or 0) - most for name, most in self.goal.budgets.items()}
        less = {name: max(1, goal.budgets[name] - excess) for name, excess in above.items() if excess > 0}
        return replace(goal, **less) if less else None


def _arena_bytes(graph: Graph) -> int:
    assert graph.arena is not None
    return graph.arena.bytes


def _is_ample(graph: Graph, board: Board, goal: Goal) -> bool:
    """Whether even the largest candidates of all layers stay well within the board, and the budgets."""
    flash = min(board.flash.bytes, goal.flash or board.flash.bytes)
    sram = min(board.sram.bytes, goal.sram or board.sram.bytes)
    weights = sum(math.prod(layer.weights.shape) for layer in graph.layers if isinstance(layer, Weighted))
    largest = 2 * max(activations_alive(graph))
    return LARGEST_OPERAND * weights + OTHER_BYTES <= flash and largest + OTHER_BYTES <= sram


def exceeded(goal: Goal, report: Report) -> BudgetError:
    """The error for a build that is above its budgets, however they are lowered."""
    built = {"flash": report.flash.total, "sram": report.sram.total, "cycles": report.cycles}
    parts = [f"{built[name]:,} {UNITS[name]}, allowed are {most:,}" for name, most in goal.budgets.items()]
    return BudgetError(f"no build was found within the budgets; the last one takes {'; '.join(parts)}")
