"""What is removed as one piece: a granularity divides a model's weights into units and groups."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tinyprune.errors import TinypruneError, unknown_name
from tinyprune.granularity import PATTERNS, Pattern, full_name, numbers
from tinyprune.pruning import matrices, residual_blocks, structures

if TYPE_CHECKING:
    import keras

    from tinyprune.pruning.groups import Group


@dataclass(frozen=True)
class Granularity:
    """A row of the registry.

    `groups` divides the model, `patterns` are the shapes that may be asked for, the first by default. `check` raises
    TinypruneError for a group that the pattern does not fit. `protect` gives the scores (units,) of those units that
    the pattern keeps, +inf; `shrink` removes masked units for real. Each group keeps at least `floor` units, or
    `min_channels` where units are `channels` of some kind. Where they are `pooled`, groups are of one unit, and all of
    them compete.
    """

    summary: str
    groups: Callable[[keras.Model, Pattern], list[Group]]
    patterns: tuple[str, ...] = ()
    check: Callable[[Group, Pattern], None] | None = None
    protect: Callable[[NDArray[np.float64], Pattern], NDArray[np.float64]] | None = None
    shrink: Callable[[keras.Model, dict[str, NDArray[np.bool_]]], keras.Model] | None = None
    channels: bool = False
    pooled: bool = False
    floor: int = 1


@dataclass(frozen=True)
class Units:
    """A granularity with its pattern: N and M, or rows and columns; (1, 1) where it has none."""

    name: str
    row: Granularity
    pattern: Pattern

    @property
    def sparsity(self) -> float | None:
        """The sparsity that the pattern fixes, if it does."""
        return 1 - self.pattern[0] / self.pattern[1] if self.row.protect else None


def named(text: str) -> Units:
    """The granularity that `text` names, as `granularity.full_name` has it: `channel`, `block:4x1`. Raises
    TinypruneError."""
    name, _, pattern = full_name(text).partition(":")
    if name not in GRANULARITIES:
        raise unknown_name("granularity", name, GRANULARITIES)
    row = GRANULARITIES[name]
    if pattern and not row.patterns:
        raise TinypruneError(f"granularity '{name}' has no patterns", remedy=f"give '{name}' alone, not '{text}'")
    if row.patterns and pattern not in row.patterns:
        raise unknown_name(f"pattern of granularity '{name}'", pattern, row.patterns)
    return Units(name, row, numbers(pattern))


def _shrink(model: keras.Model, masks: dict[str, NDArray[np.bool_]]) -> keras.Model:
    from tinyprune.pruning.shrinking import shrink  # imports Keras

    return shrink(model, masks)


def _shorten(model: keras.Model, masks: dict[str, NDArray[np.bool_]]) -> keras.Model:
    from tinyprune.pruning.shortening import shorten  # imports Keras

    return shorten(model, masks)


GRANULARITIES: dict[str, Granularity] = {
    "element": Granularity("single weights", matrices.elements),
    "n_m": Granularity(
        "at most N of M consecutive inputs of an output channel stay",
        matrices.elements,
        patterns=PATTERNS["n_m"],
        check=matrices.check_runs,
        protect=matrices.best_of_each_run,
    ),
    "block": Granularity(
        "blocks of output channels x consecutive inputs",
        matrices.blocks,
        patterns=PATTERNS["block"],
    ),
    "channel": Granularity(
        "channels of convolutions and dense layers; the model gets smaller",
        structures.channels,
        shrink=_shrink,
        channels=True,
    ),
    "head": Granularity(
        "heads of MultiHeadAttention; the model gets smaller", structures.heads, shrink=_shrink, channels=True
    ),
    "layer": Granularity(
        "the branches of residual blocks; the model gets shorter",
        residual_blocks.blocks,
        shrink=_shorten,
        pooled=True,
        floor=0,
    ),
}
