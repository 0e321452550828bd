"""Units inside of a kernel: elements, N:M runs and blocks of the matrix that our C kernels read.

That matrix has a row for each output channel; its columns are the rest in the order height, width, input channel (the
OHWI layout of `.tflite`). Keras keeps output channels last, so it is the flattened kernel transposed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tinyprune.errors import TinypruneError
from tinyprune.pruning.groups import Group, IntArray, Member
from tinyprune.pruning.weights import kernel_name, layers_of, prunable_kernels

if TYPE_CHECKING:
    import keras

Numbering = Callable[[int, int], IntArray]


def elements(model: keras.Model, pattern: tuple[int, int]) -> list[Group]:
    """Each weight of a kernel is a unit, numbered row after row, so that M consecutive numbers are a run of N:M."""
    return _groups(model, lambda rows, columns: _blocks(rows, columns, (1, 1)))


def blocks(model: keras.Model, pattern: tuple[int, int]) -> list[Group]:
    """Blocks of `pattern` output channels and consecutive inputs; those at the edges are as small as the rest there."""
    return _groups(model, lambda rows, columns: _blocks(rows, columns, pattern))


def check_runs(group: Group, pattern: tuple[int, int]) -> None:
    """Raises TinypruneError where the weights of an output channel are no multiple of M."""
    kept, run = pattern
    columns = int(np.prod(group.shape[:-1]))
    if columns % run:
        raise TinypruneError(
            f"layer '{group.name}' has {columns} weights an output channel, which {kept}:{run} does not divide",
            remedy=f"leave it out (exclude=['{group.name}'], --exclude {group.name}), or take granularity 'block'",
        )


def best_of_each_run(scores: NDArray[np.float64], pattern: tuple[int, int]) -> NDArray[np.float64]:
    """+inf for the N highest of each M consecutive scores; of equal ones the later stay."""
    kept, run = pattern
    order = np.argsort(scores.reshape(-1, run), axis=1, kind="stable")
    protected = scores.reshape(-1, run).copy()
    np.put_along_axis(protected, order[:, run - kept :], np.inf, axis=1)
    return protected.ravel()


def _groups(model: keras.Model, numbering: Numbering) -> list[Group]:
    layers = layers_of(model)
    groups: list[Group] = []
    for name, kernel in prunable_kernels(model).items():
        shape = tuple(int(side) for side in kernel.shape)
        rows = shape[-1]
        units = numbering(rows, int(np.prod(shape[:-1]))).T.reshape(shape)
        member = Member(f"{name}/{kernel_name(layers[name])}", shape, units)
        groups.append(Group(name, int(units.max()) + 1, (name,), shape, (member,)))
    return groups


def _blocks(rows: int, columns: int, pattern: tuple[int, int]) -> IntArray:
    high, wide = pattern
    across = -(-columns // wide)
    return (np.arange(rows)[:, None] // high) * across + np.arange(columns)[None] // wide
