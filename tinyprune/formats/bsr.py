"""`bsr_RxC`: block compressed sparse rows. The blocks of R rows and C columns that are not all zero, row after row of
them in order, with the number of their column of blocks, and how many blocks each row of blocks has.

R * C + 2 bytes a block and two a row of blocks. Blocks at the lower and right edge are filled up with zeros.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tinyprune.ir import Int8

MAX_COLUMNS = 1 << 16


@dataclass(frozen=True)
class Bsr:
    """The format for blocks of `rows` x `columns`."""

    rows: int
    columns: int

    def pack(self, matrix: Int8, /) -> dict[str, NDArray[np.generic]]:
        """`values` int8 (blocks * rows * columns), `columns` uint16 (blocks), `row_blocks` uint16 (rows of blocks).

        A matrix of more than 65,535 columns of blocks has no such form: ValueError.
        """
        blocks = self._blocks(matrix)
        if blocks.shape[1] >= MAX_COLUMNS:
            raise ValueError(f"bsr holds at most {MAX_COLUMNS - 1} columns of blocks, not {blocks.shape[1]}")
        kept = blocks.any(axis=(2, 3))
        return {
            "values": blocks[kept].reshape(-1),
            "columns": np.nonzero(kept)[1].astype(np.uint16),
            "row_blocks": kept.sum(axis=1).astype(np.uint16),
        }

    def unpack(self, arrays: Mapping[str, NDArray[np.generic]], shape: tuple[int, int], /) -> Int8:
        blocks = np.zeros((-(-shape[0] // self.rows), -(-shape[1] // self.columns), self.rows, self.columns), np.int8)
        row_blocks = arrays["row_blocks"].astype(np.int64)
        rows, columns = np.repeat(np.arange(len(row_blocks)), row_blocks), arrays["columns"].astype(np.int64)
        blocks[rows, columns] = arrays["values"].reshape(-1, self.rows, self.columns)
        whole = blocks.swapaxes(1, 2).reshape(blocks.shape[0] * self.rows, blocks.shape[1] * self.columns)
        return whole[: shape[0], : shape[1]]

    def _blocks(self, matrix: Int8) -> Int8:
        """(rows of blocks, columns of blocks, rows, columns) of a matrix that is filled up to whole blocks."""
        height, width = matrix.shape
        whole = np.pad(matrix, ((0, -height % self.rows), (0, -width % self.columns)))
        grid = whole.reshape(-(-height // self.rows), self.rows, -(-width // self.columns), self.columns)
        return grid.swapaxes(1, 2)
