"""Which sparsity each layer gets, exactly: the choice program with the candidates of a layer at each sparsity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from tinyprune.errors import BudgetError
from tinyprune.passes.candidates import Cost
from tinyprune.passes.choice_program import Amounts, Program

UNITS = {
    "weights": "weights",
    "flash": "bytes of flash",
    "cycles": "cycles",
}
"""What a budget may be of: weights that stay, and what the whole firmware takes."""


@dataclass(frozen=True)
class Leveled(Cost):
    """A candidate of a layer at one sparsity: of its weights `kept` and `removed`, `harm` in millionths of accuracy."""

    sparsity: float = 0.0
    kept: int = 0
    removed: int = 0
    harm: int = 0


class AllocationProgram(Program):
    """Its costs are Leveled, those of a layer by rising sparsity; harm adds up over layers."""

    @cached_property
    def measures(self) -> dict[str, tuple[Amounts, int]]:
        levels = [cost for _, cost in self.choices if isinstance(cost, Leveled)]
        own = {
            "weights": [cost.kept for cost in levels],
            "removed": [cost.removed for cost in levels],
            "harm": [cost.harm for cost in levels],
        }
        return {**super().measures, **{name: (self.amounts(values), 0) for name, values in own.items()}}

    def least_harm(self, budgets: Mapping[str, int]) -> dict[str, Leveled]:
        """The candidate of each layer with which the harm is the least within `budgets`, by keys of UNITS.

        Among equals those that remove the least, and then the fastest, as far as that is known, and the first. Raises
        BudgetError where no choice is within the budgets.
        """
        rows = [self.limit(name, most) for name, most in budgets.items()]
        found = self.best(("harm", "removed", "cycles", "instructions", "flash"), rows)
        if found is None:
            raise self._error(budgets)
        return {name: cost for name, cost in found[1].items() if isinstance(cost, Leveled)}

    def _error(self, budgets: Mapping[str, int]) -> BudgetError:
        least = {name: self.minimum(name, []) for name in budgets}
        parts = [
            f"{found[0]:,} {UNITS[name]} at least, allowed are {budgets[name]:,}"
            for name, found in least.items()
            if found
        ]
        return BudgetError(
            f"no sparsities of those measured are within the budgets: {'; '.join(parts)}",
            remedy="raise the budget, measure higher sparsities, or prune channels first",
        )
