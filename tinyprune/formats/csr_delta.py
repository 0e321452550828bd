"""`csr_delta` and `csr_delta4`: compressed sparse rows, each non-zero with its distance from the one before it in the
row (the first: from column 0), in 8 or 4 bits.

A distance that is too large takes entries of value 0 and the largest distance before it. Two or one and a half bytes an
entry, and two a row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tinyprune.formats.csr import MAX_COLUMNS
from tinyprune.ir import Int8


@dataclass(frozen=True)
class CsrDelta:
    """The format for distances of `bits`, 8 or 4."""

    bits: int

    @property
    def largest(self) -> int:
        return (1 << self.bits) - 1

    def pack(self, matrix: Int8, /) -> dict[str, NDArray[np.generic]]:
        """`values` int8 (entries), `distances` uint8 (entries, or half as many: the first in the low bits),
        `row_entries` uint16 (rows).

        A matrix of more than 65,535 columns has no such form: ValueError.
        """
        if matrix.shape[1] >= MAX_COLUMNS:
            raise ValueError(f"csr_delta holds at most {MAX_COLUMNS - 1} columns, not {matrix.shape[1]}")
        rows, columns = np.nonzero(matrix)
        first = np.diff(rows, prepend=-1) != 0
        gaps = np.where(first, columns, np.diff(columns, prepend=0))
        fillers = np.maximum(gaps - 1, 0) // self.largest
        places = np.repeat(np.arange(len(gaps)), fillers)
        distances = np.insert(gaps - self.largest * fillers, places, self.largest).astype(np.uint8)
        return {
            "values": np.insert(matrix[rows, columns], places, 0),
            "distances": distances if self.bits == 8 else _nibbles(distances),
            "row_entries": np.bincount(np.insert(rows, places, rows[places]), minlength=len(matrix)).astype(np.uint16),
        }

    def unpack(self, arrays: Mapping[str, NDArray[np.generic]], shape: tuple[int, int], /) -> Int8:
        values, counts = arrays["values"].astype(np.int8), arrays["row_entries"].astype(np.int64)
        stored = arrays["distances"].astype(np.int64)
        distances = stored if self.bits == 8 else np.column_stack([stored & 15, stored >> 4]).reshape(-1)
        ends = np.append(0, np.cumsum(distances))
        starts = np.cumsum(counts) - counts
        columns = ends[1 : len(values) + 1] - np.repeat(ends[starts], counts)
        rows, kept = np.repeat(np.arange(shape[0]), counts), values != 0
        matrix = np.zeros(shape, np.int8)
        matrix[rows[kept], columns[kept]] = values[kept]
        return matrix


def _nibbles(values: NDArray[np.uint8]) -> NDArray[np.uint8]:
    whole = np.append(values, np.zeros(len(values) % 2, np.uint8))
    return whole[0::2] | whole[1::2] << np.uint8(4)
