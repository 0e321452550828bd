"""`csr`: compressed sparse rows. The non-zeros of each row in order, with their columns, and how many each row has.

Kernels walk the rows in order, so a row needs its length (2 bytes) and not its start (4 bytes).
Three bytes a non-zero and two a row: smaller than dense above two thirds of zeros.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from tinyprune.ir import Int8

MAX_COLUMNS = 1 << 16


def pack(matrix: Int8, /) -> dict[str, NDArray[np.generic]]:
    """`values` int8 (non-zeros), `columns` uint16 (non-zeros), `row_nonzeros` uint16 (rows).

    A matrix of more than 65,535 columns has no csr form: ValueError.
    """
    if matrix.shape[1] >= MAX_COLUMNS:
        raise ValueError(f"csr holds at most {MAX_COLUMNS - 1} columns, not {matrix.shape[1]}")
    rows, columns = np.nonzero(matrix)
    return {
        "values": matrix[rows, columns],
        "columns": columns.astype(np.uint16),
        "row_nonzeros": np.bincount(rows, minlength=matrix.shape[0]).astype(np.uint16),
    }


def unpack(arrays: Mapping[str, NDArray[np.generic]], shape: tuple[int, int], /) -> Int8:
    matrix = np.zeros(shape, np.int8)
    rows = np.repeat(np.arange(shape[0]), arrays["row_nonzeros"].astype(np.int64))
    matrix[rows, arrays["columns"].astype(np.int64)] = arrays["values"]
    return matrix
