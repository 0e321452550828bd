"""Storage formats of weights: one module each, with `pack`, `unpack` and `nbytes` over a (rows, columns) int8 matrix.

Rows are output channels; columns are the flattened rest (height, width, input channel). A format is found by its name:
`FORMATS["csr"].pack(matrix)` gives the named arrays that the generated C holds.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tinyprune.formats import bitmap, code, coo, csc, csr, dense
from tinyprune.formats.bsr import Bsr
from tinyprune.formats.csr_delta import CsrDelta
from tinyprune.formats.nm import NM
from tinyprune.ir import Int8, Layer, Quant, Stateful, Weighted, Weights
from tinyprune.stateful import stateful_weights

Arrays = Mapping[str, NDArray[np.generic]]


class Format(Protocol):
    """What a format provides: a module, or one object for each shape of its blocks."""

    @property
    def pack(self) -> Callable[[Int8], dict[str, NDArray[np.generic]]]: ...

    @property
    def unpack(self) -> Callable[[Arrays, tuple[int, int]], Int8]: ...


@dataclass(frozen=True)
class FormatInfo:
    """A row of the registry: the module, and its description in one line."""

    module: Format
    summary: str


FORMATS: dict[str, FormatInfo] = {
    "dense": FormatInfo(dense, "every weight, row after row: 1 byte a weight"),
    "csr": FormatInfo(csr, "compressed sparse rows: 3 bytes a non-zero, 2 bytes a row"),
    "csr_delta": FormatInfo(CsrDelta(8), "sparse rows, 8-bit distances: 2 bytes a non-zero, 2 bytes a row"),
    "csr_delta4": FormatInfo(CsrDelta(4), "sparse rows, 4-bit distances: 1.5 bytes an entry, 2 bytes a row"),
    "bitmap": FormatInfo(bitmap, "a bit for each weight: 1 byte a non-zero, 1 bit a weight"),
    "bsr_2x2": FormatInfo(Bsr(2, 2), "blocks of 2 rows and 2 columns: 6 bytes a block, 1 byte a row"),
    "bsr_4x1": FormatInfo(Bsr(4, 1), "blocks of 4 rows and 1 column: 6 bytes a block, half a byte a row"),
    "bsr_4x2": FormatInfo(Bsr(4, 2), "blocks of 4 rows and 2 columns: 10 bytes a block, half a byte a row"),
    "bsr_1x4": FormatInfo(Bsr(1, 4), "blocks of 4 columns: 6 bytes a block, 2 bytes a row"),
    "nm_1_4": FormatInfo(NM(1, 4), "at most 1 of 4 neighbours: 1 byte and 2 bits for each 4"),
    "nm_2_4": FormatInfo(NM(2, 4), "at most 2 of 4 neighbours: 2 bytes and 4 bits for each 4"),
    "nm_4_8": FormatInfo(NM(4, 8), "at most 4 of 8 neighbours: 4 bytes and 12 bits for each 8"),
    "csc": FormatInfo(csc, "compressed sparse columns: 3 bytes a non-zero, 2 bytes a column"),
    "code": FormatInfo(code, "weights as instructions: 6 to 12 bytes a non-zero, and nothing else to read"),
    "coo": FormatInfo(coo, "row, column, value: 5 bytes a non-zero"),
}


def pack(format_name: str, values: Int8, quant: Quant, reason: str = "") -> Weights:
    """`values` (output channels first, any rank) in the format called `format_name`."""
    arrays = FORMATS[format_name].module.pack(values.reshape(values.shape[0], -1))
    return Weights(format_name, values.shape, quant, arrays, reason)


@functools.lru_cache(maxsize=64)
def unpack(weights: Weights) -> Int8:
    """The weights as a dense int8 array of `weights.shape`, which cannot be written to. Remembered: whoever looks at a
    layer in some format asks for them."""
    rows = weights.shape[0]
    columns = int(np.prod(weights.shape[1:]))
    values = FORMATS[weights.format].module.unpack(weights.arrays, (rows, columns)).reshape(weights.shape)
    values.setflags(write=False)
    return values


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
