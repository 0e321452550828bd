"""Channel numbers while a model is walked: handed out, and joined where channels turn out to belong together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tinyprune.pruning.groups import IntArray

FROZEN = 0
Axes = Mapping[int, IntArray]


@dataclass(frozen=True, eq=False)
class Tensor:
    """The channel numbers of a tensor's last axis, and its shape (None where a size is open)."""

    channels: IntArray
    shape: tuple[int | None, ...]


@dataclass(eq=False)
class Tracing:
    """What the rules write to while a model is walked."""

    paths: Mapping[int, str]  # by the layer's id
    parents: list[int] = field(default_factory=lambda: [FROZEN])
    weights: dict[str, dict[str, dict[int, IntArray]]] = field(default_factory=dict[str, Any])
    made: dict[int, IntArray] = field(default_factory=dict[int, Any])
    resized: dict[str, IntArray] = field(default_factory=dict[str, Any])
    inputs: dict[int, IntArray] = field(default_factory=dict[int, Any])
    heads: list[IntArray] = field(default_factory=list[Any])

    def fresh(self, count: int) -> IntArray:
        """Numbers that nothing else has."""
        start = len(self.parents)
        self.parents.extend(range(start, start + count))
        return np.arange(start, start + count)

    def output_of(self, layer: Any, count: int) -> IntArray:
        """Fresh numbers for what `layer` makes: the same in each of its calls."""
        return self.made.setdefault(id(layer), self.fresh(count))

    def join(self, one: IntArray, other: IntArray) -> None:
        """Makes channels the same, pair by pair. The arrays broadcast."""
        for a, b in np.broadcast(one, other):
            low, high = sorted((self._root(int(a)), self._root(int(b))))
            self.parents[high] = low

    def freeze(self, channels: IntArray) -> None:
        """None of these may go."""
        self.join(channels, np.array(FROZEN))

    def record(self, layer: Any, name: str, axes: Axes) -> None:
        """The channels along the axes (0 or more) of a weight. A layer that is called again joins the old and new."""
        known = self.weights.setdefault(self.paths[id(layer)], {}).setdefault(name, dict(axes))
        for axis, channels in axes.items():
            self.join(known[axis], channels)

    def roots(self, channels: IntArray) -> IntArray:
        """The final numbers."""
        return np.array([self._root(int(channel)) for channel in channels], dtype=np.intp)

    def _root(self, channel: int) -> int:
        while self.parents[channel] != channel:
            self.parents[channel] = channel = self.parents[self.parents[channel]]
        return channel
