"""`nm_N_M`: at most N non-zeros in M neighbours of a row. N values for each group of M, with their places in it.

N bytes and N * log2(M) bits a group; nothing says how many there are, as their number is fixed.
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
        """`values` int8 (rows * groups * kept), zeros where a group has fewer; `positions` uint8, log2(group) bits for
        each value, the first in the lowest bits of the first byte.

        A matrix with more non-zeros in a group has no such form: ValueError.
        """
        groups = np.pad(matrix, ((0, 0), (0, -matrix.shape[1] % self.group))).reshape(-1, self.group)
        most = int(np.count_nonzero(groups, axis=1).max(initial=0))
        if most > self.kept:
            raise ValueError(f"nm_{self.kept}_{self.group} holds {self.kept} of {self.group} weights, not {most}")
        order = np.argsort(groups == 0, axis=1, kind="stable")[:, : self.kept]  # the non-zeros first
        bits = order[..., np.newaxis] >> np.arange(self._position_bits) & 1
        return {
            "values": np.take_along_axis(groups, order, axis=1).reshape(-1),
            "positions": np.packbits(bits.astype(np.uint8).reshape(-1), bitorder="little"),
        }

    def unpack(self, arrays: Mapping[str, NDArray[np.generic]], shape: tuple[int, int], /) -> Int8:
        values = arrays["values"].astype(np.int8).reshape(-1, self.kept)
        count = values.size * self._position_bits
        bits = np.unpackbits(arrays["positions"].astype(np.uint8), count=count, bitorder="little")
        weights = bits.reshape(*values.shape, -1).astype(np.int64) << np.arange(self._position_bits)
        groups = np.zeros((len(values), self.group), np.int8)
        np.put_along_axis(groups, weights.sum(axis=2), values, axis=1)
        return groups.reshape(shape[0], -1)[:, : shape[1]]

    @property
    def _position_bits(self) -> int:
        return self.group.bit_length() - 1
