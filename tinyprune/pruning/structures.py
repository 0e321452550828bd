"""Units that are removed for real: channels and attention heads, in the groups in which they can replace each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from tinyprune.pruning.channels import Channels, channels_of
from tinyprune.pruning.groups import NO_UNIT, Group, IntArray, Member
from tinyprune.pruning.tracing import FROZEN
from tinyprune.pruning.weights import kernel_name, layers_of, weights_of

if TYPE_CHECKING:
    import keras

Place = tuple[str, int]  # a weight and one of its axes
STATISTICS = ("moving_mean", "moving_variance")


def channels(model: keras.Model, pattern: tuple[int, int]) -> list[Group]:
    """The channels that convolutions and dense layers make, with all that goes along with them.

    Raises UnsupportedModelError for a subclassed model.
    """
    found = channels_of(model)
    kernels = {f"{name}/{kernel_name(layer)}": name for name, layer in layers_of(model).items()}
    makers = {(weight, max(axes)): kernels[weight] for weight, axes in found.axes.items() if weight in kernels}
    return _groups(model, found, makers)


def heads(model: keras.Model, pattern: tuple[int, int]) -> list[Group]:
    """The heads of MultiHeadAttention layers, each with its part of all four projections.

    Raises UnsupportedModelError for a subclassed model.
    """
    found = channels_of(model)
    names = list(layers_of(model))
    makers = {
        (weight, axis): next(name for name in names if weight.startswith(f"{name}/"))
        for weight, axes in found.axes.items()
        for axis, numbers in axes.items()
        if weight.endswith("/kernel") and found.heads & set(numbers.tolist())
    }
    return _groups(model, found, makers)


def _groups(model: keras.Model, found: Channels, makers: Mapping[Place, str]) -> list[Group]:
    """Channels are of one group if they lie along the same axes, so that no axis can lose all of its channels."""
    places: dict[int, set[Place]] = defaultdict(set)
    for weight, axes in found.axes.items():
        for axis, numbers in axes.items():
            for number in np.unique(numbers):
                places[int(number)].add((weight, axis))
    alike: dict[frozenset[Place], list[int]] = defaultdict(list)
    for number in sorted(places.keys() - {FROZEN}):
        if places[number] & makers.keys():
            alike[frozenset(places[number])].append(number)
    shapes = {name: tuple(int(side) for side in weight.shape) for name, weight in weights_of(model).items()}
    groups: dict[str, Group] = {}
    for where, numbers in alike.items():
        group = _group(found, shapes, makers, where, numbers)
        unique = group.name if group.name not in groups else f"{group.name} ({len(groups)})"
        groups[unique] = Group(unique, group.units, group.layers, group.shape, group.members)
    return list(groups.values())


def _group(
    found: Channels,
    shapes: Mapping[str, tuple[int, ...]],
    makers: Mapping[Place, str],
    where: frozenset[Place],
    numbers: list[int],
) -> Group:
    scored = [place for place in makers if place in where]
    layers = tuple(dict.fromkeys(makers[place] for place in scored))
    members: list[Member] = []
    for weight, axes in found.axes.items():
        for axis, along in axes.items():
            if (weight, axis) in where and not weight.endswith(STATISTICS):
                units = _units(along, numbers).reshape([-1 if a == axis else 1 for a in range(len(shapes[weight]))])
                judged = (weight, axis) in makers or weight.endswith("/gamma")
                members.append(Member(weight, shapes[weight], units, judged))
    return Group(" + ".join(layers), len(numbers), layers, shapes[scored[0][0]], tuple(members))


def _units(along: IntArray, numbers: list[int]) -> IntArray:
    """The places in `numbers`, which rise, of channels; NO_UNIT for those that are not there."""
    places = np.searchsorted(numbers, along).clip(max=len(numbers) - 1)
    return np.where(np.array(numbers)[places] == along, places, NO_UNIT)
