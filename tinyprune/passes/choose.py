"""Gives each layer its format and kernel: the exact optimum over all layers, within budgets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from tinyprune import formats, kernels
from tinyprune.errors import BudgetError, TinypruneError, unknown_name
from tinyprune.ir import Graph, Weighted
from tinyprune.passes.candidates import Candidate, Cost, Costs, refusal, with_candidates
from tinyprune.passes.choice_program import Program, Row, aligned, measures
from tinyprune.passes.plan_memory import activations_alive, crucial_scratch, plan_memory

OBJECTIVES = {
    "cycles": ("cycles", "instructions", "flash", "sram"),
    "flash": ("flash", "cycles", "instructions", "sram"),
    "sram": ("sram", "cycles", "instructions", "flash"),
}
"""What is minimized first, and among equals next; what was not measured is passed over."""
PLANS = 40
"""After so many plans that turned out too large for gaps, with SRAM as the objective the smallest of them is taken, and
else what a plan exceeds the budget by is kept free; where that leaves no choice, SRAM becomes the objective."""
UNITS = {"flash": "bytes of flash", "sram": "bytes of SRAM", "cycles": "cycles", "instructions": "instructions"}


@dataclass(frozen=True)
class Goal:
    """What is wanted: the least of `objective`, with no more of `flash`, `sram` (bytes) and `cycles` than these, of the
    whole firmware. A `format` other than auto is for every layer that can have it."""

    objective: str = "cycles"
    format: str = "auto"
    flash: int | None = None
    sram: int | None = None
    cycles: int | None = None

    def __post_init__(self) -> None:
        if self.objective not in OBJECTIVES:
            raise unknown_name("objective", self.objective, OBJECTIVES)
        if self.format not in ("auto", *formats.FORMATS):
            raise unknown_name("format", self.format, ["auto", *formats.FORMATS])
        for name, most in self.budgets.items():
            if most < 1:
                raise TinypruneError(f"a budget of {most:,} {UNITS[name]} is none", remedy="it must be at least 1")

    @property
    def budgets(self) -> dict[str, int]:
        given = {"flash": self.flash, "sram": self.sram, "cycles": self.cycles}
        return {name: most for name, most in given.items() if most is not None}


def choose(graph: Graph, costs: Costs, goal: Goal, only: str | None = None) -> Graph:
    """`graph` with the candidates of `costs` that reach `goal`, and its arena, which is within the goal as planned.

    `only` leaves to each layer that can have it this one format. The same costs give the same choice. Raises
    BudgetError where no choice is within the budgets.
    """
    program = program_of(graph, _restricted(costs, only) if only else costs)
    if goal.cycles is not None and "cycles" not in program.measures:
        raise TinypruneError(
            "a budget of cycles cannot be kept: they are not known",
            remedy="take an emulator, and a core whose cycles are claimed (docs/measuring.md)",
        )
    measure = main_measure(costs, goal.objective)
    gaps, tried, kept_free = list[Row](), list[tuple[int, Graph]](), 0
    while (found := program.best(OBJECTIVES[goal.objective], [*gaps, *_limits(program, goal, kept_free)])) is not None:
        least, taken = found
        planned = _planned(graph, costs, taken, goal, measure)
        size, most = _sram(planned, costs), least if measure == "sram" else goal.sram
        if most is None or size <= most:
            return planned
        tried.append((size, planned))
        if len(tried) <= PLANS:
            assert planned.arena is not None
            crucial, arena_bytes = crucial_scratch(planned, planned.arena.bytes - (size - most))
            gaps.append(program.planned({layer: taken[layer] for layer in crucial}, arena_bytes))
        elif measure == "sram":
            break
        else:
            kept_free += size - most
    if kept_free:
        return choose(graph, costs, replace(goal, objective="sram"), only)
    if fitting := [one for one in tried if measure == "sram" and one[0] <= (goal.sram or one[0])]:
        return min(fitting, key=lambda one: one[0])[1]
    raise _budget_error(program, goal, min((size for size, _ in tried), default=None))


def _limits(program: Program, goal: Goal, kept_free: int) -> list[Row]:
    """The budgets, that of SRAM less what is `kept_free` for gaps of the arena."""
    return [program.limit(name, most - (kept_free if name == "sram" else 0)) for name, most in goal.budgets.items()]


def total(graph: Graph, costs: Costs, measure: str) -> int:
    """What a firmware of `graph`, chosen from `costs` and planned, is to take of `measure`, a key of UNITS."""
    if measure == "sram":
        return _sram(graph, costs)
    own = sum(_figure(cost, measure) for cost in _taken(graph, costs))
    if measure == "flash":
        return own + shared_code(graph, costs) + costs.rest.flash_bytes
    return own + int(getattr(costs.rest, measure))


def shared_code(graph: Graph, costs: Costs) -> int:
    """The bytes of all functions that layers with weights run in, each once."""
    return sum({name: size for cost in _taken(graph, costs) for name, size in cost.functions.items()}.values())


def main_measure(costs: Costs, objective: str) -> str:
    """What is minimized first: the first measure of the objective that is known of every candidate."""
    known = measures(costs)
    return next(name for name in OBJECTIVES[objective] if name in known)


def cost_of(layer: Weighted, costs: Costs) -> Cost:
    """What `layer` takes as it was chosen; where its kernel is a twin for a wide tensor, what it would take without."""
    variant = layer.variant
    taken = Candidate(layer.weights.format, kernels.narrow(variant.kernel), variant.rows, variant.weights)
    return next(cost for cost in costs.of[layer.name] if cost.candidate == taken)


def _taken(graph: Graph, costs: Costs) -> list[Cost]:
    return [cost_of(layer, costs) for layer in graph.layers if isinstance(layer, Weighted)]


def _restricted(costs: Costs, format_name: str) -> Costs:
    """Without the candidates of other formats, where a layer has some of this one."""
    of = {name: tuple(cost for cost in some if cost.format == format_name) or some for name, some in costs.of.items()}
    return replace(costs, of=of)


def program_of(graph: Graph, costs: Costs) -> Program:
    """The integer program of the choice for `graph`."""
    alive = activations_alive(graph)
    by_layer = {layer.name: alive[step] for step, layer in enumerate(graph.layers)}
    return Program(costs, by_layer, max(alive))


def _planned(graph: Graph, costs: Costs, taken: Mapping[str, Cost], goal: Goal, measure: str) -> Graph:
    weighted = [layer for layer in graph.layers if isinstance(layer, Weighted)]
    reasons = {layer.name: _reason(layer, taken[layer.name], costs, goal, measure) for layer in weighted}
    return plan_memory(with_candidates(graph, {name: cost.candidate for name, cost in taken.items()}, reasons))


def _sram(graph: Graph, costs: Costs) -> int:
    assert graph.arena is not None
    resident = sum(aligned(cost.resident_bytes) for cost in _taken(graph, costs))
    return graph.arena.bytes + costs.rest.sram_bytes + resident


def _reason(layer: Weighted, taken: Cost, costs: Costs, goal: Goal, measure: str) -> str:
    """Why this layer has its format: its figure beside the best one of another format."""
    name = taken.format
    if goal.format != "auto":
        return refusal(layer, goal.format) or f"{name} was asked for"
    others = [cost for cost in costs.of[layer.name] if cost.format != name]
    if not others:
        return f"{name} is the only one"
    other = min(others, key=lambda cost: _figure(cost, measure))
    text = f"{_figure(taken, measure):,} {UNITS[measure]}, {other.format} {_figure(other, measure):,}"
    why = "" if _figure(taken, measure) <= _figure(other, measure) else "; better for the whole model"
    return f"{text}{why} ({costs.basis})" if costs.basis else f"{text}{why}"


def _figure(cost: Cost, measure: str) -> int:
    figures = {"flash": cost.flash_bytes, "sram": cost.scratch_bytes + cost.resident_bytes}
    return figures[measure] if measure in figures else int(getattr(cost, measure))


def _budget_error(program: Program, goal: Goal, smallest: int | None) -> BudgetError:
    """Names each budget that cannot be held, beside the least that can be reached: within the other ones, if those can
    be held together, else without them. `smallest` is the SRAM of the choice that would do, but for its arena's gaps.
    """
    missed: list[str] = []
    for name, most in goal.budgets.items():
        others = [program.limit(other, limit) for other, limit in goal.budgets.items() if other != name]
        within = program.minimum(name, others)
        found = within or program.minimum(name, [])
        if found and found[0] > most:
            condition = " within the other budgets" if within and others else ""
            missed.append(f"{found[0]:,} {UNITS[name]} are needed at least{condition}, allowed are {most:,}")
    if not missed:
        missed = [f"{smallest:,} {UNITS['sram']} are needed at least as planned, allowed are {goal.sram:,}"]
    return BudgetError(
        f"no choice of formats and kernels is within the budgets: {'; '.join(missed)}",
        remedy="raise that budget, take a board with more, or prune more, or channels (structured pruning)",
    )
