"""`coo`: the non-zeros, each with its row and column, row after row. Five bytes a non-zero: what others are held to."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from tinyprune.ir import Int8

MAX_SIZE = 1 << 16


def pack(matrix: Int8, /) -> dict[str, NDArray[np.generic]]:
    """`values` int8, `rows` uint16, `columns` uint16 (non-zeros).

    A matrix of more than 65,536 rows or columns has no coo form: ValueError.
    """
    if max(matrix.shape) > MAX_SIZE:
        raise ValueError(f"coo holds at most {MAX_SIZE} rows and columns, not {max(matrix.shape)}")
    rows, columns = np.nonzero(matrix)
    return {"values": matrix[rows, columns], "rows": rows.astype(np.uint16), "columns": columns.astype(np.uint16)}


def unpack(arrays: Mapping[str, NDArray[np.generic]], shape: tuple[int, int], /) -> Int8:
    matrix = np.zeros(shape, np.int8)
    matrix[arrays["rows"].astype(np.int64), arrays["columns"].astype(np.int64)] = arrays["values"]
    return matrix
