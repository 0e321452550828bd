"""Storage formats of weights: one module each, with `pack`, `unpack` and `nbytes` over a (rows, columns) int8 matrix.

Rows are output channels; columns are the flattened rest (height, width, input channel). A format is found by its name:
`FORMATS["csr"].pack(matrix)` gives the named arrays that the generated C holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tinyprune.formats import csr, dense
from tinyprune.ir import Int8, Layer, Quant, Stateful, Weighted, Weights
from tinyprune.stateful import stateful_weights

Arrays = Mapping[str, NDArray[np.generic]]


class Format(Protocol):
    """What a format module provides."""

    @staticmethod
    def pack(matrix: Int8, /) -> dict[str, NDArray[np.generic]]: ...

    @staticmethod
    def unpack(arrays: Arrays, shape: tuple[int, int], /) -> Int8: ...


@dataclass(frozen=True)
class FormatInfo:
    """A row of the registry: the module, and its description in one line."""

    module: Format
    summary: str


FORMATS: dict[str, FormatInfo] = {
    "dense": FormatInfo(dense, "every weight, row after row: 1 byte a weight"),
    "csr": FormatInfo(csr, "compressed sparse rows: 3 bytes a non-zero, 2 bytes a row"),
}


def pack(format_name: str, values: Int8, quant: Quant, reason: str = "") -> Weights:
    """`values` (output channels first, any rank) in the format called `format_name`."""
    arrays = FORMATS[format_name].module.pack(values.reshape(values.shape[0], -1))
    return Weights(format_name, values.shape, quant, arrays, reason)


def unpack(weights: Weights) -> Int8:
    """The weights as a dense int8 array of `weights.shape`."""
    rows = weights.shape[0]
    columns = int(np.prod(weights.shape[1:]))
    return FORMATS[weights.format].module.unpack(weights.arrays, (rows, columns)).reshape(weights.shape)


def nbytes(weights: Weights) -> int:
    """What the format's arrays take in flash."""
    return sum(array.nbytes for array in weights.arrays.values())


def all_weights(layer: Layer) -> NDArray[np.generic]:
    """Every weight of `layer` in one row, (n,), whatever it is stored in; none of a layer without weights."""
    if isinstance(layer, Weighted):
        return unpack(layer.weights).reshape(-1)
    if isinstance(layer, Stateful):
        return np.concatenate([part.reshape(-1) for part in stateful_weights(layer)])
    return np.zeros(0, np.int8)


def format_of(layer: Layer) -> str | None:
    """The format of its weights: layers that remember have but one, and those without weights none."""
    if isinstance(layer, Weighted):
        return layer.weights.format
    return "dense" if isinstance(layer, Stateful) else None
