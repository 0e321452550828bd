"""`nm_N_M`: at most N non-zeros in M neighbours of a row. N values for each group of M, with their places in it.

N bytes and N * log2(M) bits a group; nothing says how many there are, as their number is fixed. A group with fewer
non-zeros has zeros at its first place: the others of a last group may lie beyond the row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tinyprune.ir import Int8


@dataclass(frozen=True)
class NM:
    """The format for `kept` of `group`, a power of two."""

    kept: int
    group: int

    def pack(self, matrix: Int8, /) -> dict[str, NDArray[np.generic]]:
        """`values` int8 (rows * groups * kept); `positions` uint8, log2(group) bits for each value, the first in the
        lowest bits of the first byte.

        A matrix with more non-zeros in a group has no such form: ValueError.
        """
        values, positions = self.groups(matrix)
        bits = positions.reshape(-1, 1) >> np.arange(self.position_bits, dtype=np.uint8) & 1
        return {"values": values.reshape(-1), "positions": np.packbits(bits.reshape(-1), bitorder="little")}

    def groups(self, matrix: Int8) -> tuple[Int8, NDArray[np.uint8]]:
        """The values of each group, and their places in it: (rows, groups, kept). ValueError as of `pack`."""
        groups = np.pad(matrix, ((0, 0), (0, -matrix.shape[1] % self.group))).reshape(len(matrix), -1, self.group)
        most = int(np.count_nonzero(groups, axis=2).max(initial=0))
        if most > self.kept:
            raise ValueError(f"nm_{self.kept}_{self.group} holds {self.kept} of {self.group} weights, not {most}")
        order = np.argsort(groups == 0, axis=2, kind="stable")[..., : self.kept]  # the non-zeros first
        values = np.take_along_axis(groups, order, axis=2)
        return values, np.where(values == 0, 0, order).astype(np.uint8)

    def unpack(self, arrays: Mapping[str, NDArray[np.generic]], shape: tuple[int, int], /) -> Int8:
        values = arrays["values"].astype(np.int8)
        count = values.size * self.position_bits
        bits = np.unpackbits(arrays["positions"].astype(np.uint8), count=count, bitorder="little")
        positions = (bits.reshape(values.size, -1).astype(np.int64) << np.arange(self.position_bits)).sum(axis=1)
        groups = np.zeros((values.size // self.kept, self.group), np.int8)
        (kept,) = np.nonzero(values)
        groups[kept // self.kept, positions[kept]] = values[kept]
        return groups.reshape(shape[0], -1)[:, : shape[1]]

    @property
    def position_bits(self) -> int:
        return self.group.bit_length() - 1
