"""Which units stay: scores from a criterion, counts from a scope, under the limits that were set."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

import numpy as np

from tinyprune.errors import TinypruneError, unknown_name
from tinyprune.pruning.criteria import CRITERIA, Criterion, Observation, Scores
from tinyprune.pruning.granularities import Units, named
from tinyprune.pruning.groups import BoolArray, FloatArray, Group
from tinyprune.pruning.scopes import SCOPES, Candidates, ScopeRow

LAST_SEED = 2**32 - 1


@dataclass(frozen=True)
class Limits:
    """What pruning must leave.

    Each group keeps at least the share `min_density` of its units, `min_channels` of them where units are channels or
    heads, and a multiple of `round_to`. `exclude` lists layers that stay whole: names, patterns such as `stem_*`, or
    `first` and `last`. `layers` has the sparsities of scope `per_layer`, by name or pattern; the first match counts.
    """

    min_density: float = 0.0
    min_channels: int = 1
    round_to: int = 1
    exclude: Sequence[str] = ()
    layers: Mapping[str, float] = field(default_factory=dict[str, float])

    def __post_init__(self) -> None:
        if not 0 <= self.min_density <= 1:
            raise TinypruneError(
                f"min_density {self.min_density} is not in [0, 1]", remedy="0.1 keeps a tenth of each layer"
            )
        for name in ("min_channels", "round_to"):
            if getattr(self, name) < 1:
                raise TinypruneError(f"{name} {getattr(self, name)} is below 1", remedy="1, the default, sets no limit")
        for sparsity in self.layers.values():
            check_sparsity(sparsity)


def check_sparsity(sparsity: float) -> None:
    """Raises TinypruneError unless it is in [0, 1)."""
    if not 0 <= sparsity < 1:
        raise TinypruneError(f"sparsity {sparsity} is not in [0, 1)", remedy="0.8 removes 80 % of the weights")


def layer_names(exclude: Sequence[str]) -> tuple[str, ...]:
    """Raises TinypruneError for a single text, whose letters are no layers."""
    if isinstance(exclude, str):
        raise TinypruneError(f"exclude is '{exclude}', not a list", remedy=f"give exclude=['{exclude}']")
    return tuple(exclude)


def check_seed(seed: int) -> None:
    """Raises TinypruneError unless numpy takes it."""
    if not 0 <= seed <= LAST_SEED:
        raise TinypruneError(f"seed {seed} is not in [0, {LAST_SEED}]", remedy="0 is the default")


@dataclass(frozen=True)
class Method:
    """A criterion, a granularity, a scope, and limits: all that decides which units stay."""

    criterion: Criterion
    units: Units
    scope: ScopeRow
    limits: Limits

    def choose(
        self,
        groups: Sequence[Group],
        observed: Mapping[str, Observation],
        kept: Mapping[str, BoolArray],
        targets: Mapping[str, float],
    ) -> dict[str, BoolArray]:
        """For each group, True where a unit stays. What is not in `kept` any more scores lowest, so it stays out.

        `observed` is by the name of the weight, all else by that of the group.
        """
        told = {name: self.criterion.contributions(seen) for name, seen in observed.items()}
        candidates = {g.name: self._candidates(g, told, kept[g.name], targets[g.name]) for g in groups}
        counts = self.scope.counts(candidates)
        return {name: self._all_but(counts[name], found.scores) for name, found in candidates.items()}

    def _candidates(self, group: Group, told: Mapping[str, FloatArray], kept: BoolArray, target: float) -> Candidates:
        sizes = group.sizes(told)
        if not sizes.all():
            raise TinypruneError(
                f"layer '{group.layers[0]}' has channels without a {self.criterion.reads} to judge them by",
                remedy=f"leave it out (exclude=[{group.layers[0]!r}]), or take another criterion",
            )
        scores: Scores = np.where(kept, self.criterion.combine(group.sums(told), sizes), -np.inf)
        if self.units.row.protect:
            scores = self.units.row.protect(scores, self.units.pattern)
        floor = max(math.ceil(self.limits.min_density * group.units), self._floor)
        most = min(group.units - floor, int(np.count_nonzero(scores < np.inf)))
        return Candidates(scores, target, max(0, most), group.shape)

    @property
    def _floor(self) -> int:
        return self.limits.min_channels if self.units.row.channels else self.units.row.floor

    def _all_but(self, removed: int, scores: Scores) -> BoolArray:
        """True but for the lowest scores; of equal ones the first go first. Rounds up what stays to a multiple."""
        multiple = self.limits.round_to
        stays = min(scores.size, -(-(scores.size - removed) // multiple) * multiple)
        kept = np.ones(scores.size, dtype=np.bool_)
        kept[np.argsort(scores, kind="stable")[: scores.size - stays]] = False
        return kept


def method(criterion: str, granularity: str, scope: str, limits: Limits) -> Method:
    """Raises TinypruneError for an unknown name, and for names that do not go together."""
    if criterion not in CRITERIA:
        raise unknown_name("criterion", criterion, CRITERIA)
    if scope not in SCOPES:
        raise unknown_name("scope", scope, SCOPES)
    units = named(granularity)
    if CRITERIA[criterion].channels_only and units.name != "channel":
        raise TinypruneError(
            f"criterion '{criterion}' judges whole channels, not granularity '{units.name}'",
            remedy="give granularity 'channel', or criterion 'magnitude'",
        )
    if units.sparsity is not None and scope != "uniform":
        raise TinypruneError(
            f"granularity '{granularity}' leaves each layer equally dense, which scope '{scope}' would not",
            remedy="give scope 'uniform', and leave layers out with exclude",
        )
    if units.sparsity is not None and (limits.min_density > 1 - units.sparsity or limits.round_to > 1):
        raise TinypruneError(
            f"granularity '{granularity}' fixes how many weights stay, which min_density and round_to would change",
            remedy="leave them out",
        )
    if units.row.pooled and scope not in ("uniform", "global"):
        raise TinypruneError(
            f"granularity '{granularity}' takes a share of all units, which scope '{scope}' does not give",
            remedy="give scope 'uniform'",
        )
    if bool(limits.layers) != (scope == "per_layer"):
        raise TinypruneError(
            "scope 'per_layer' and the sparsities of layers belong together",
            remedy="give both, as in scope='per_layer', layers={'conv*': 0.5}, or neither",
        )
    return Method(CRITERIA[criterion], units, SCOPES["global" if units.row.pooled else scope], limits)


def included(groups: Sequence[Group], limits: Limits, layers: Sequence[str]) -> list[Group]:
    """The groups without an excluded layer; `layers` are all that can be pruned, in the model's order."""
    positions = {"first": layers[0], "last": layers[-1]} if layers else {}
    patterns = [positions.get(pattern, pattern) for pattern in limits.exclude]
    _check_patterns(patterns, layers)
    return [group for group in groups if not any(_matches(group, pattern) for pattern in patterns)]


def targets(groups: Sequence[Group], limits: Limits, sparsity: float, layers: Sequence[str]) -> dict[str, float]:
    """The sparsity of each group, by its name."""
    _check_patterns(list(limits.layers), layers)
    return {
        group.name: next((s for pattern, s in limits.layers.items() if _matches(group, pattern)), sparsity)
        for group in groups
    }


def _matches(group: Group, pattern: str) -> bool:
    return any(fnmatchcase(layer, pattern) for layer in group.layers)


def _check_patterns(patterns: Sequence[str], layers: Sequence[str]) -> None:
    for pattern in patterns:
        if not any(fnmatchcase(layer, pattern) for layer in layers):
            raise unknown_name("prunable layer or pattern", pattern, layers)
