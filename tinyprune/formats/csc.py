"""`csc`: compressed sparse columns. The non-zeros of each column in order, with their rows, and how many it has.

A kernel that walks columns can skip those whose input is the zero point. Three bytes a non-zero and two a column.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from tinyprune.ir import Int8

MAX_ROWS = 1 << 16


def pack(matrix: Int8, /) -> dict[str, NDArray[np.generic]]:
    """`values` int8 (non-zeros), `rows` uint16 (non-zeros), `column_nonzeros` uint16 (columns).

    A matrix of more than 65,535 rows has no csc form: ValueError.
    """
    if matrix.shape[0] >= MAX_ROWS:
        raise ValueError(f"csc holds at most {MAX_ROWS - 1} rows, not {matrix.shape[0]}")
    columns, rows = np.nonzero(matrix.T)
    return {
        "values": matrix[rows, columns],
        "rows": rows.astype(np.uint16),
        "column_nonzeros": np.bincount(columns, minlength=matrix.shape[1]).astype(np.uint16),
    }


def unpack(arrays: Mapping[str, NDArray[np.generic]], shape: tuple[int, int], /) -> Int8:
    matrix = np.zeros(shape, np.int8)
    columns = np.repeat(np.arange(shape[1]), arrays["column_nonzeros"].astype(np.int64))
    matrix[arrays["rows"].astype(np.int64), columns] = arrays["values"]
    return matrix
