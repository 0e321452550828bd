"""The integer program finds what trying every choice finds."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from cost_tables import Problem, every_choice, problem, totals, within

from tinyprune.passes.candidates import Cost
from tinyprune.passes.choice_program import Program, aligned
from tinyprune.passes.choose import Goal

SEEDS = 60


def program_of(one: Problem, random: np.random.Generator) -> Program:
    alive = {layer: 4 * int(random.integers(1, 30)) for layer in one.costs.of}
    return Program(one.costs, alive, max(alive.values()))


def arena(program: Program, taken: tuple[Cost, ...]) -> int:
    needed = zip(program.alive.values(), taken, strict=True)
    return max([program.floor, *(alive + aligned(cost.scratch_bytes) for alive, cost in needed)])


def goal_for(one: Problem, program: Program, random: np.random.Generator) -> Goal:
    """Budgets about as large as a random choice takes, some of them left out, some a little too small."""
    choices = every_choice(one)
    taken = choices[int(random.integers(len(choices)))]
    figures = totals(one, taken, arena(program, taken))
    kept = {name: int(most * random.uniform(0.98, 1.1)) for name, most in figures.items() if random.random() < 0.6}
    return Goal(**kept)


@pytest.mark.parametrize("measure", ["flash", "sram", "cycles"])
def test_the_minimum_within_budgets_is_that_of_all_choices(measure: str) -> None:
    infeasible = 0
    for seed in range(SEEDS):
        random = np.random.default_rng(seed)
        one = problem(seed)
        program = program_of(one, random)
        goal = goal_for(one, program, random)
        all_figures = [totals(one, taken, arena(program, taken)) for taken in every_choice(one)]
        possible = [figures[measure] for figures in all_figures if within(figures, goal)]
        found = program.minimum(measure, [program.limit(name, most) for name, most in goal.budgets.items()])
        if not possible:
            assert found is None
            infeasible += 1
            continue
        assert found is not None
        least, by_layer = found
        taken = tuple(by_layer[layer] for layer in one.costs.of)
        assert least == min(possible) == totals(one, taken, arena(program, taken))[measure], f"seed {seed}"
    assert 0 < infeasible < SEEDS


def test_large_figures_are_exact() -> None:
    """A solver counts in floating point: a budget of one cycle less than the best must still be seen to be broken."""
    for seed in range(10):
        one = problem(seed)
        scaled = {
            layer: tuple(dataclasses.replace(cost, core_cycles=(cost.core_cycles or 0) * 1_000_003) for cost in costs)
            for layer, costs in one.costs.of.items()
        }
        large = Problem(one.graph, dataclasses.replace(one.costs, of=scaled))
        program = program_of(large, np.random.default_rng(seed))
        found = program.minimum("cycles", [])
        assert found is not None
        assert found[0] == min(totals(large, taken, 0)["cycles"] for taken in every_choice(large))
        assert program.minimum("flash", [program.limit("cycles", found[0])]) is not None
        assert program.minimum("flash", [program.limit("cycles", found[0] - 1)]) is None


def test_a_cut_leaves_choices_with_less_scratch_in_some_layer() -> None:
    one = problem(3)
    program = program_of(one, np.random.default_rng(3))
    cuts, seen = [], []
    while found := program.minimum("cycles", cuts):
        _, taken = found
        assert not any(all(taken[layer].scratch_bytes >= old[layer].scratch_bytes for layer in old) for old in seen)
        seen.append(taken)
        cuts.append(program.less_scratch(taken))
    assert len(seen) > 1
