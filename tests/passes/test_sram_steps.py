"""What SRAM buys, beside every choice that there is."""

from __future__ import annotations

import pytest
from cost_tables import every_choice, problem, totals

from tinyprune.ir import Weighted
from tinyprune.passes.choose import Goal
from tinyprune.passes.plan_memory import activations_alive
from tinyprune.passes.sram_steps import STEPS, sram_steps


def every_total(seed: int) -> list[dict[str, int]]:
    """Of every choice, its arena without gaps."""
    one = problem(seed)
    alive = activations_alive(one.graph)
    steps = [step for step, layer in enumerate(one.graph.layers) if isinstance(layer, Weighted)]
    found: list[dict[str, int]] = []
    for taken in every_choice(one):
        scratch = [-(-cost.scratch_bytes // 4) * 4 for cost in taken]
        needed = [alive[step] + most for step, most in zip(steps, scratch, strict=True)]
        found.append(totals(one, taken, max(*alive, *needed)))
    return found


@pytest.mark.parametrize("seed", range(12))
def test_no_choice_within_a_step_is_faster_and_none_as_fast_is_smaller(seed: int) -> None:
    one, every = problem(seed), every_total(seed)
    steps = sram_steps(one.graph, one.costs, Goal())
    assert 1 <= len(steps) <= STEPS
    for step in steps:
        assert step.cycles == min(total["cycles"] for total in every if total["sram"] <= step.sram)
        assert step.sram == min(total["sram"] for total in every if total["cycles"] <= step.cycles)
    assert steps[0].sram == min(total["sram"] for total in every)
    assert steps[-1].cycles == min(total["cycles"] for total in every)


def test_what_each_kb_saved_is_the_slope_from_step_to_step() -> None:
    problems = [problem(seed) for seed in range(12)]
    steps = next(found for one in problems if len(found := sram_steps(one.graph, one.costs, Goal())) > 1)
    first, second = steps[:2]
    assert first.saved_per_kb is None
    assert second.saved_per_kb == round((first.cycles - second.cycles) / ((second.sram - first.sram) / 1024))


def test_a_budget_of_flash_holds_for_every_step() -> None:
    one, every = problem(3), every_total(3)
    most = sorted(total["flash"] for total in every)[len(every) // 2]
    within = [total for total in every if total["flash"] <= most]
    steps = sram_steps(one.graph, one.costs, Goal(flash=most))
    assert steps[-1].cycles == min(total["cycles"] for total in within)
    assert not sram_steps(one.graph, one.costs, Goal(flash=1))
