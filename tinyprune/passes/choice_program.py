"""The choice of a candidate for each layer as an integer program, solved by HiGHS (Huangfu and Hall, 2018).

Columns: x[i], 1 where candidate i is taken; y[f], 1 where some taken candidate runs function f, so that its code is
paid for once; and the arena, which is at least what is alive in any step, the scratch of the taken candidates included.
Rows: one candidate for each layer; y[f] >= the sum of a layer's x that run f; the arena; the budgets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinyprune.passes.candidates import Cost, Costs

Amounts = NDArray[np.int64]  # of each column
Row = tuple[Amounts, int]  # the sum of amounts * columns is at most this
ALIGNMENT = 4  # of the arena's places
TIGHT = 1e-9  # how far a 0 or 1 may be off, and a row, in units of its largest amount
SLACK = 10 * TIGHT  # that a limit has for the solver, so that its rounding leaves none out that is within


@dataclass(frozen=True)
class Program:
    """`alive` are the bytes of activations that are needed in the step of each layer, `floor` the most of any step."""

    costs: Costs
    alive: Mapping[str, int]
    floor: int

    @cached_property
    def choices(self) -> list[tuple[str, Cost]]:
        return [(layer, cost) for layer, costs in self.costs.of.items() for cost in costs]

    @cached_property
    def functions(self) -> dict[str, int]:
        """By name the bytes of all code that may be needed."""
        return {name: size for _, cost in self.choices for name, size in cost.functions.items()}

    @property
    def columns(self) -> int:
        return len(self.choices) + len(self.functions) + 1

    def amounts(self, of_choices: Sequence[int], of_functions: Sequence[int] = (), of_arena: int = 0) -> Amounts:
        functions = of_functions or [0] * len(self.functions)
        return np.array([*of_choices, *functions, of_arena], np.int64)

    @cached_property
    def measures(self) -> dict[str, tuple[Amounts, int]]:
        """What can be minimized or kept within a budget: an amount for each column, and what everything else takes.

        "order" makes equal choices one: the earlier candidates.
        """
        costs, rest = [cost for _, cost in self.choices], self.costs.rest
        flash = self.amounts([cost.flash_bytes for cost in costs], list(self.functions.values()))
        places = [place for costs in self.costs.of.values() for place in range(len(costs))]
        found = {
            "flash": (flash, rest.flash_bytes),
            "sram": (self.amounts([aligned(cost.resident_bytes) for cost in costs], of_arena=1), rest.sram_bytes),
            "order": (self.amounts(places), 0),
        }
        for name in measures(self.costs) - set(found):
            found[name] = self.amounts([getattr(cost, name) for cost in costs]), getattr(rest, name)
        return found

    @cached_property
    def rules(self) -> list[Row]:
        """The rows that hold for every choice, but one candidate a layer."""
        rows: list[Row] = []
        for layer, costs in self.costs.of.items():
            for number, name in enumerate(self.functions):
                runs = self._of_layer(layer, [int(name in cost.functions) for cost in costs])
                if any(runs):
                    rows.append((self.amounts(runs, [-int(i == number) for i in range(len(self.functions))]), 0))
            if any(cost.scratch_bytes for cost in costs):
                scratch = self._of_layer(layer, [aligned(cost.scratch_bytes) for cost in costs])
                rows.append((self.amounts(scratch, of_arena=-1), -self.alive[layer]))
        return rows

    def planned(self, taken: Mapping[str, Cost], arena_bytes: int) -> Row:
        """With what was `taken` for some layers the arena has gaps, and `arena_bytes` with them: so has any in which
        these layers all have as much scratch."""
        excess = arena_bytes - self.floor
        least = {layer: cost.scratch_bytes for layer, cost in taken.items()}
        below = [-excess * (cost.scratch_bytes < least.get(layer, 0)) for layer, cost in self.choices]
        return self.amounts(below, of_arena=-1), -arena_bytes

    def _of_layer(self, layer: str, amounts: Sequence[int]) -> list[int]:
        """Those of its candidates; 0 for those of other layers."""
        left = iter(amounts)
        return [next(left) if layer == one else 0 for one, _ in self.choices]

    def limit(self, measure: str, most: int) -> Row:
        amounts, rest = self.measures[measure]
        return amounts, most - rest

    def minimum(self, measure: str, rows: Sequence[Row]) -> tuple[int, dict[str, Cost]] | None:
        """The least of `measure` within `rows`, and a choice that reaches it; None where no choice is within them."""
        amounts, rest = self.measures[measure]
        values = self._solve(amounts, [*self.rules, *rows])
        if values is None:
            return None
        taken = {layer: cost for (layer, cost), x in zip(self.choices, values, strict=False) if x}
        assert len(taken) == len(self.costs.of)
        return int(amounts @ values) + rest, taken

    def best(self, measures: Sequence[str], rows: Sequence[Row]) -> tuple[int, dict[str, Cost]] | None:
        """The one choice within `rows` with the least of the first of `measures`, among equals of the next, and so on,
        those passed over that are not known; and its figure of the first. None where no choice is within them."""
        first, *others = [name for name in (*measures, "order") if name in self.measures]
        found = self.minimum(first, rows)
        if found is None:
            return None
        least, taken = found
        within = [*rows, self.limit(first, least)]
        for measure in others:
            found = self.minimum(measure, within)
            assert found is not None  # what was found last is within all rows
            taken = found[1]
            within.append(self.limit(measure, found[0]))
        return least, taken

    def amount(self, measure: str, taken: Mapping[str, Cost]) -> int:
        """What the choice `taken` takes of `measure`, in all but its arena."""
        chosen = [int(taken[layer] is cost) for layer, cost in self.choices]
        code = {name for cost in taken.values() for name in cost.functions}
        amounts, rest = self.measures[measure]
        return int(amounts @ self.amounts(chosen, [int(name in code) for name in self.functions])) + rest

    def _solve(self, objective: Amounts, rows: Sequence[Row]) -> Amounts | None:
        solver = _solver()
        ends = [self.floor if i == self.columns - 1 else 0 for i in range(self.columns)]
        solver.addVars(self.columns, np.array(ends, float), np.array([1.0] * (self.columns - 1) + [np.inf]))
        solver.changeColsCost(self.columns, np.arange(self.columns, dtype=np.int32), objective.astype(float))
        whole = np.arange(self.columns, dtype=np.int32)
        solver.changeColsIntegrality(self.columns, whole, np.ones(self.columns, np.uint8))
        for layer, costs in self.costs.of.items():
            _add(solver, self.amounts(self._of_layer(layer, [1] * len(costs))), 1, 1)
        for amounts, most in rows:
            _add(solver, amounts, -np.inf, most)
        while (values := _optimum(solver)) is not None:
            if all(int(amounts @ values) <= most for amounts, most in rows):
                return values
            taken = values[: len(self.choices)]
            _add(solver, self.amounts(taken.tolist()), -np.inf, int(taken.sum()) - 1)  # any but this one
        return None


def measures(costs: Costs) -> set[str]:
    """What is known of every candidate and of the rest."""
    all_costs = [cost for some in costs.of.values() for cost in some]
    timed = {"cycles", "instructions"}
    known = {name for name in timed if all(getattr(one, name) is not None for one in (*all_costs, costs.rest))}
    return {"flash", "sram"} | known


def aligned(size: int) -> int:
    return -(-size // ALIGNMENT) * ALIGNMENT


def _solver() -> Any:
    import highspy

    solver: Any = highspy.Highs()
    options = {"output_flag": False, "threads": 1, "random_seed": 0, "mip_rel_gap": 0.0, "mip_abs_gap": 0.5}
    options |= {"mip_feasibility_tolerance": TIGHT, "primal_feasibility_tolerance": TIGHT}
    options |= {"presolve": "off"}  # which at this tolerance finds programs infeasible that are not
    for option, value in options.items():
        solver.setOptionValue(option, value)
    return solver


def _optimum(solver: Any) -> Amounts | None:
    """The columns; None where the rows leave none."""
    solver.run()
    status = solver.modelStatusToString(solver.getModelStatus())
    if status in ("Infeasible", "Primal infeasible or unbounded"):
        return None
    assert status == "Optimal", status
    return np.rint(np.array(solver.getSolution().col_value)).astype(np.int64)


def _add(solver: Any, amounts: Amounts, least: float, most: float) -> None:
    """The row in units of its largest amount: the solver's tolerance is the same for all rows."""
    used = np.flatnonzero(amounts).astype(np.int32)
    unit = float(np.abs(amounts).max(initial=1))
    solver.addRow(least / unit, most / unit + SLACK, len(used), used, amounts[used] / unit)
