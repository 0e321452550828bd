"""What SRAM buys: the fewest cycles within a few budgets, from the costs that the choice is made from."""

from __future__ import annotations

from dataclasses import dataclass

from tinyprune.ir import Graph
from tinyprune.passes.candidates import Costs
from tinyprune.passes.choice_program import Program, Row
from tinyprune.passes.choose import Goal, program_of

STEPS = 5


@dataclass(frozen=True)
class SramStep:
    """With `sram` bytes, of the whole firmware, no choice takes fewer than `cycles`. Both are sums of what was measured
    layer by layer; gaps that the memory planner leaves are not in `sram`. `saved_per_kb`: cycles for each 1,024 bytes
    more than the step before; None in the first."""

    sram: int
    cycles: int
    saved_per_kb: int | None


def sram_steps(graph: Graph, costs: Costs, goal: Goal) -> tuple[SramStep, ...]:
    """From the least SRAM in which `graph` runs to the least in which it is fastest, at most STEPS budgets as far from
    each other, without those that buy nothing; within the goal's budget of flash. Empty where cycles are not known, or
    nothing is within that budget."""
    program = program_of(graph, costs)
    rows = [program.limit("flash", goal.flash)] if goal.flash is not None else []
    smallest = program.minimum("sram", rows) if "cycles" in program.measures else None
    if smallest is None:
        return ()
    fastest = program.minimum("cycles", rows)
    assert fastest is not None
    least, most = smallest[0], _least_sram(program, fastest[0], rows)
    steps: list[SramStep] = []
    for number in range(STEPS):
        found = program.minimum(
            "cycles", [*rows, program.limit("sram", least + (most - least) * number // (STEPS - 1))]
        )
        assert found is not None
        if not steps or found[0] < steps[-1].cycles:
            steps.append(_step(_least_sram(program, found[0], rows), found[0], steps))
    return tuple(steps)


def _least_sram(program: Program, cycles: int, rows: list[Row]) -> int:
    """In which these cycles, the fewest within some budget, can be had."""
    found = program.minimum("sram", [*rows, program.limit("cycles", cycles)])
    assert found is not None
    return found[0]


def _step(sram: int, cycles: int, before: list[SramStep]) -> SramStep:
    if not before:
        return SramStep(sram, cycles, None)
    return SramStep(sram, cycles, round((before[-1].cycles - cycles) * 1024 / (sram - before[-1].sram)))
