"""`bitmap`: a bit for each weight, set where it is not zero, and the non-zeros in order.

A byte a non-zero and a bit a weight, each row in whole bytes: smaller than dense above one eighth of zeros.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from tinyprune.ir import Int8


def pack(matrix: Int8, /) -> dict[str, NDArray[np.generic]]:
    """`values` int8 (non-zeros), `bits` uint8 (rows * bytes of a row): column 0 in the lowest bit of a row's first."""
    bits = np.packbits(matrix != 0, axis=1, bitorder="little")
    return {"values": matrix[matrix != 0], "bits": bits.reshape(-1)}


def unpack(arrays: Mapping[str, NDArray[np.generic]], shape: tuple[int, int], /) -> Int8:
    bits = arrays["bits"].astype(np.uint8).reshape(shape[0], -1)
    matrix = np.zeros(shape, np.int8)
    matrix[np.unpackbits(bits, axis=1, count=shape[1], bitorder="little").astype(bool)] = arrays["values"]
    return matrix
