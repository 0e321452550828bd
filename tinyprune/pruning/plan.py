"""What `prune` is going to do, checked before anything is trained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tinyprune.errors import TinypruneError
from tinyprune.pruning import choosing
from tinyprune.pruning.choosing import Limits, Method
from tinyprune.pruning.criteria import Observation
from tinyprune.pruning.groups import BoolArray, FloatArray, Group
from tinyprune.pruning.schedules import Step, planned
from tinyprune.pruning.weights import KERNEL_OF, check_built, prunable_kernels

if TYPE_CHECKING:
    import keras


NO_LIMITS = Limits()


@dataclass(frozen=True, eq=False)
class Plan:
    """How units are chosen, among which groups, and when; `targets` are the final sparsities of the groups, by name."""

    method: Method
    groups: list[Group]
    targets: dict[str, float]
    sparsity: float
    steps: list[Step]
    description: str

    @property
    def trains(self) -> bool:
        """Whether training data is needed."""
        return self.method.criterion.evidence is not None or any(step.epochs for step in self.steps)

    @property
    def observed(self) -> list[str]:
        """The names of the weights that the criterion judges."""
        reads_scale = self.method.criterion.reads == "gamma"
        scored = [member.weight for group in self.groups for member in group.members if member.scored]
        return [name for name in dict.fromkeys(scored) if name.endswith("/gamma") == reads_scale]

    def choose(
        self,
        step: Step,
        weights: dict[str, FloatArray],
        evidence: dict[str, FloatArray],
        kept: dict[str, BoolArray],
        random: np.random.Generator,
    ) -> dict[str, BoolArray]:
        """The units that `step` keeps, by group, of those in `kept`."""
        nothing = np.zeros(0, np.float32)
        seen = {name: Observation(weights[name], evidence.get(name, nothing), random) for name in self.observed}
        targets = {name: step.share * target for name, target in self.targets.items()}
        return self.method.choose(self.groups, seen, kept, targets)


def make_plan(
    model: keras.Model,
    sparsity: float | None,
    criterion: str,
    granularity: str,
    scope: str,
    schedule: str,
    epochs: int | None,
    limits: Limits,
) -> Plan:
    """Raises TinypruneError for what `prune` lists, but for the data."""
    check_built(model)
    method, target, steps = checked(sparsity, criterion, granularity, scope, schedule, epochs, limits)
    everything = method.units.row.groups(model, method.units.pattern)
    layers = list(dict.fromkeys([*prunable_kernels(model), *(layer for group in everything for layer in group.layers)]))
    groups = choosing.included(everything, limits, layers)
    if not groups:
        raise TinypruneError(
            f"model '{model.name}' has nothing to prune by granularity '{granularity}'",
            remedy=f"it prunes {_prunable(method)} that are not excluded",
        )
    if method.units.row.check is not None:
        for group in groups:
            method.units.row.check(group, method.units.pattern)
    description = repr((criterion, granularity, scope, schedule, target, epochs, limits))
    return Plan(method, groups, choosing.targets(groups, limits, target, layers), target, steps, description)


def checked(
    sparsity: float | None = None,
    criterion: str = "magnitude",
    granularity: str = "element",
    scope: str = "uniform",
    schedule: str = "iterative",
    epochs: int | None = None,
    limits: Limits = NO_LIMITS,
) -> tuple[Method, float, list[Step]]:
    """What a plan is made of that needs no model: the method, the sparsity and the steps.

    Raises TinypruneError for what `prune` lists of these; the defaults are its own.
    """
    method = choosing.method(criterion, granularity, scope, limits)
    target = _target(method, sparsity)
    return method, target, planned(schedule, target, epochs)


def _prunable(method: Method) -> str:
    row = method.units.row
    return row.summary.partition(";")[0] if row.shrink else f"the layers {', '.join(KERNEL_OF)}"


def _target(method: Method, sparsity: float | None) -> float:
    fixed = method.units.sparsity
    if sparsity is None and fixed is not None:
        return fixed
    if sparsity is None:
        raise TinypruneError("no sparsity given", remedy="0.8 removes 80 % of the weights")
    choosing.check_sparsity(sparsity)
    if fixed is not None and sparsity != fixed:
        first, second = method.units.pattern
        raise TinypruneError(
            f"{first}:{second} leaves every layer {fixed:.0%} sparse, not {sparsity:.0%}",
            remedy="leave the sparsity out, or take granularity 'element' or 'block'",
        )
    return sparsity
