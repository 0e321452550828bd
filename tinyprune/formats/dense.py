"""`dense`: every weight, zero or not, row after row. One byte a weight."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from tinyprune.ir import Int8


def pack(matrix: Int8, /) -> dict[str, NDArray[np.generic]]:
    """`values` int8 (rows * columns)."""
    return {"values": matrix.reshape(-1)}


def unpack(arrays: Mapping[str, NDArray[np.generic]], shape: tuple[int, int], /) -> Int8:
    return arrays["values"].astype(np.int8).reshape(shape)
