"""The logistic function and the hyperbolic tangent of int16 values, by interpolation in one table, as in TFLM.

Arguments have 12 fractional bits, results 15. Both come from one table as tanh(x) = 2 sigmoid(2x) - 1.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tinyprune.arithmetic import Int64

# TFLM's table holds sigmoid(i / 24) in 16 bits, rounded to the nearest, but here, where it is one more.
# fmt: off
ONE_MORE = (
    4, 8, 12, 14, 15, 16, 17, 19, 20, 21, 22, 25, 27, 28, 29, 30, 31, 33, 34, 35, 37, 39, 40, 41, 43, 44, 45, 46,
    49, 50, 54, 62, 63, 64, 66, 82, 86, 93, 100, 103, 112, 116, 135, 255,
)
# fmt: on


def _table() -> NDArray[np.int64]:
    rounded = np.floor(65536 / (1 + np.exp(-np.arange(256) / 24)) + 0.5).astype(np.int64)
    rounded[list(ONE_MORE)] += 1
    return rounded


TABLE = _table()


def sigmoid(x: Int64) -> Int64:
    """24 entries to 1.0, so 3 * x counts 2**9 an entry; an int16 stays inside of the table."""
    magnitude = 3 * np.abs(x)
    value = _interpolated(magnitude, 9)
    return np.where(x >= 0, value + (1 << 9), (1 << 25) - value + (1 << 9) - 1) >> 10


def tanh(x: Int64, left: int) -> Int64:
    """tanh(x * 2**left): 3 * x, which then counts 2**8 an entry, is shifted by `left`; to the right it is rounded."""
    scaled = (3 * x) << left if left >= 0 else (3 * x + (1 << (-left - 1))) >> -left
    value = _interpolated(np.abs(scaled), 8)
    return np.where(scaled >= 0, value - (1 << 23) + (1 << 7), -value + (1 << 23) + (1 << 7) - 1) >> 8


def _interpolated(magnitude: Int64, bits: int) -> Int64:
    """Between two entries, `bits` of the magnitude apart; beyond the last one, the highest value."""
    index = np.minimum(magnitude >> bits, 254)
    part = magnitude & ((1 << bits) - 1)
    between = (TABLE[index] << bits) + part * (TABLE[index + 1] - TABLE[index])
    return np.where(magnitude >> bits >= 255, 0xFFFF << bits, between)
