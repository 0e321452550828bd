"""The integer program finds what trying every choice finds."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from cost_tables import Problem, every_choice, problem, totals, within

from tinyprune.passes.candidates import Cost, Costs, Rest
from tinyprune.passes.choice_program import Program, aligned
from tinyprune.passes.choose import OBJECTIVES, Goal

SEEDS = 60
DATA = Path(__file__).parents[1] / "data"


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


def test_an_arena_with_gaps_is_that_of_every_choice_with_as_much_scratch() -> None:
    for seed in range(SEEDS):
        one = problem(seed)
        program = program_of(one, np.random.default_rng(seed))
        found = program.minimum("sram", [])
        assert found is not None
        first = tuple(found[1][layer] for layer in one.costs.of)
        with_gaps = arena(program, first) + 40

        def needed(taken: tuple[Cost, ...]) -> int:
            less = any(cost.scratch_bytes < old.scratch_bytes for cost, old in zip(taken, first, strict=True))  # noqa: B023
            size = arena(program, taken)  # noqa: B023
            return totals(one, taken, size if less else max(size, with_gaps))["sram"]  # noqa: B023

        again = program.minimum("sram", [program.planned(found[1], with_gaps)])
        assert again is not None
        assert again[0] == min(map(needed, every_choice(one))), f"seed {seed}"


def test_what_was_found_stays_within_what_it_takes() -> None:
    """Measure after measure is limited to its least: the solver's rounding must not shut out what it found itself.

    The figures are those of a ResNet-8 on `stm32f4`, whose cycles are millions: no choice was left once.
    """
    told = json.loads((DATA / "choice_of_a_resnet.json").read_text(encoding="utf-8"))
    of = {layer: tuple(Cost(**one) for one in costs) for layer, costs in told["costs"].items()}
    program = Program(Costs(of, Rest(**told["rest"]), ""), told["alive"], told["floor"])
    rows = [program.limit(name, most) for name, most in told["budgets"].items()]
    for measures in OBJECTIVES.values():
        found = program.best(measures, rows)
        assert found is not None
        assert program.amount("flash", found[1]) <= told["budgets"]["flash"]
