"""Units and groups: what is removed as one piece, and which pieces compete with each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.intp]

NO_UNIT = -1


@dataclass(frozen=True, eq=False)
class Member:
    """The part of one weight that belongs to a group.

    `units` broadcasts to `shape`, that of the weight, and gives each element the number of its unit, or NO_UNIT.
    Elements that are not `scored` leave with their unit, but say nothing about what it is worth: those that read a
    channel, as against those that make it.
    """

    weight: str
    shape: tuple[int, ...]
    units: IntArray
    scored: bool = True


@dataclass(frozen=True, eq=False)
class Group:
    """`units` pieces of the same kind, one of which can take the place of another: the channels of a convolution.

    `layers` are the names of those whose weights are scored, `shape` that of the first one's kernel.
    """

    name: str
    units: int
    layers: tuple[str, ...]
    shape: tuple[int, ...]
    members: tuple[Member, ...]

    def sums(self, contributions: Mapping[str, FloatArray]) -> NDArray[np.float64]:
        """(k, units): what the scored elements of each unit contribute, from (k, *weight's shape) by weight's name.

        Weights without contributions count as nothing: a criterion that reads batch normalization names only that.
        """
        told = [(member, contributions[member.weight]) for member in self._scored(contributions)]
        batches = len(told[0][1]) if told else 1
        result = np.zeros((batches, self.units))
        for member, values in told:
            numbers = np.broadcast_to(member.units, member.shape).ravel()
            inside = numbers != NO_UNIT
            for batch, row in enumerate(values.reshape(batches, -1)):
                result[batch] += np.bincount(numbers[inside], row[inside], self.units)
        return result

    def sizes(self, contributions: Mapping[str, FloatArray]) -> IntArray:
        """(units,): how many elements of each unit contribute."""
        ones = {member.weight: np.ones((1, *member.shape), np.float32) for member in self._scored(contributions)}
        return np.rint(self.sums(ones)[0]).astype(np.intp)

    def masks(self, kept: BoolArray) -> dict[str, BoolArray]:
        """For each weight of the group, True where it stays, given the units that stay."""
        masks: dict[str, BoolArray] = {}
        lookup = np.append(kept, True)  # NO_UNIT is the last
        for member in self.members:
            mask = np.broadcast_to(lookup[member.units], member.shape)
            masks[member.weight] = masks[member.weight] & mask if member.weight in masks else mask.copy()
        return masks

    def _scored(self, contributions: Mapping[str, FloatArray]) -> list[Member]:
        return [member for member in self.members if member.scored and member.weight in contributions]


def joined_masks(groups: list[Group], kept: Mapping[str, BoolArray]) -> dict[str, BoolArray]:
    """The masks of all groups: an element stays where each group that it belongs to lets it stay."""
    masks: dict[str, BoolArray] = {}
    for group in groups:
        for weight, mask in group.masks(kept[group.name]).items():
            masks[weight] = masks[weight] & mask if weight in masks else mask
    return masks
