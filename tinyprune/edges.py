"""The edges of a model: all its inputs, or all its outputs, as one int8 array.

A single one is its own array, (n, ...). Several lie one after another in each sample, in the model's order: (n, bytes).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from tinyprune.errors import TinypruneError
from tinyprune.ir import Graph, Int8


def shape(graph: Graph, names: Sequence[str]) -> tuple[int, ...]:
    """The shape of one sample of the edges `names`."""
    if len(names) == 1:
        return graph.tensors[names[0]].shape[1:]
    return (sum(graph.tensors[name].size for name in names),)


def split(graph: Graph, names: Sequence[str], values: Int8) -> list[Int8]:
    """An array (n, ...) for each of `names`, out of one for all of them."""
    tensors = [graph.tensors[name] for name in names]
    ends = np.cumsum([tensor.size for tensor in tensors])
    parts = np.split(values.reshape(-1, ends[-1]), ends[:-1], axis=1)
    return [part.reshape(-1, *tensor.shape[1:]) for part, tensor in zip(parts, tensors, strict=True)]


def join(graph: Graph, names: Sequence[str], values: Sequence[Int8]) -> Int8:
    """One array for all of `names`, out of an array (n, ...) for each: the inverse of `split`."""
    flat = [value.reshape(len(value), -1) for value in values]
    return np.concatenate(flat, axis=1).reshape(-1, *shape(graph, names))


def labels(names: Sequence[str]) -> list[str]:
    """What a user calls the edges `names`: as the file does; arr_0, arr_1, ... where that is not unique."""
    of_file = [name.partition(": ")[2] or name for name in names]
    return of_file if len(set(of_file)) == len(names) else [_position(number) for number in range(len(names))]


def _position(number: int) -> str:
    return f"arr_{number}"  # as numpy.savez names what it is given without a name


def named(graph: Graph, names: Sequence[str], values: Int8) -> dict[str, Int8]:
    """`split`, by label."""
    return dict(zip(labels(names), split(graph, names, values), strict=True))


def gathered(graph: Graph, given: Int8 | Mapping[str, Int8]) -> Int8:
    """A user's inputs as one array: `given` is that of the only input, or one for each, by label or position (arr_0).

    Raises TinypruneError where they are not one int8 array (n, ...) for each input, all of one n.
    """
    if not isinstance(given, Mapping):
        given = {_position(0): given}
    wanted = [label if label in given else _position(number) for number, label in enumerate(labels(graph.inputs))]
    if set(wanted) != set(given) or len(given) != len(wanted):
        raise _unfit(
            graph, f"the model has {_count(wanted, 'input')}, given are {_count(given, 'array')}: {', '.join(given)}"
        )
    for name, key in zip(graph.inputs, wanted, strict=True):
        _check(graph, name, key, given[key])
    if len({len(values) for values in given.values()}) != 1:
        raise _unfit(graph, f"the numbers of inputs differ: {', '.join(f'{len(v)} in {k}' for k, v in given.items())}")
    return join(graph, graph.inputs, [given[key] for key in wanted])


def _count(things: Sequence[str] | Mapping[str, Int8], kind: str) -> str:
    return f"{len(things)} {kind}{'' if len(things) == 1 else 's'}"


def _check(graph: Graph, name: str, key: str, values: Int8) -> None:
    sample = math.prod(values.shape[1:])
    if values.dtype != np.int8 or not values.size or values.ndim == 0 or sample != graph.tensors[name].size:
        raise _unfit(graph, f"the input {key} is {values.dtype} of shape {list(values.shape)}")


def _unfit(graph: Graph, what: str) -> TinypruneError:
    wanted = [
        f"{label} int8 of shape [n, {', '.join(map(str, graph.tensors[name].shape[1:]))}]"
        for label, name in zip(labels(graph.inputs), graph.inputs, strict=True)
    ]
    if len(wanted) == 1:
        return TinypruneError(what, remedy=f"give a .npy file, or an .npz file of one array: {wanted[0]}")
    return TinypruneError(
        what, remedy=f"give an .npz file with an array for each, by name or in order: {'; '.join(wanted)}"
    )
