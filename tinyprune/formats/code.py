"""`code`: the weights as machine code of ARMv6-M, which every Cortex-M runs. No indices, no loop, no branch.

Ten rows are one group, with a register each for its sum. A group visits the columns in which any of them has a weight:

    adds r3, #32         where the column is out of reach
    ldrb r0, [r3, #4]    its input, raised by 128: so it has no sign
    rsbs r1, r0, #0      where a high register needs it, from which nothing can be subtracted
    movs r2, #57         the first row's weight is 57
    muls r2, r0
    adds r4, r2
    subs r5, r0          the second row's is -1
    lsls r2, r1, #3      the fifth row's is -8
    add r8, r2

and ends with `mov r0, pc`, the address of the next group, and `pop {pc}`, which returns. Encodings: DDI0419 A6.7.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from tinyprune.ir import Int8

Numbers = NDArray[np.int64]

SUMS = np.array([4, 5, 6, 7, 8, 9, 10, 11, 12, 14])  # the register of each row of a group
LANES = len(SUMS)
LOW_LANES = 4  # rows whose register is a low one
REACH = 32  # columns that a load reaches from r3
LARGEST_STEP = 7 * REACH  # of r3, in 8 bits

STEP = 0x3300  # adds r3, #n
LOAD = 0x7818  # ldrb r0, [r3, #n]: n << 6
NEGATE = 0x4241  # rsbs r1, r0, #0
MOVE = 0x2200  # movs r2, #n
MULTIPLY = 0x4342  # muls r2, s: s << 3
SHIFT = 0x0002  # lsls r2, s, #n: n << 6, s << 3
ADD_LOW, SUBTRACT_LOW = 0x1800, 0x1A00  # adds d, d, s; subs d, d, s: s << 6, d << 3, d
ADD_HIGH = 0x4480  # add d, s: s << 3, d - 8
NEXT_GROUP, RETURN = 0x4678, 0xBD00  # mov r0, pc; pop {pc}


def pack(matrix: Int8, /) -> dict[str, NDArray[np.generic]]:
    """`instructions` uint16, group after group."""
    groups = [_group(matrix[start : start + LANES]) for start in range(0, len(matrix), LANES)]
    return {"instructions": np.concatenate(groups).astype(np.uint16)}


def unpack(arrays: Mapping[str, NDArray[np.generic]], shape: tuple[int, int], /) -> Int8:
    matrix = np.zeros((-(-shape[0] // LANES) * LANES, shape[1]), np.int8)
    code = arrays["instructions"].astype(np.int64)
    groups = np.split(code, np.flatnonzero(code == RETURN) + 1)[:-1]
    for number, group in enumerate(groups):
        lanes, columns, weights = _weights(group)
        matrix[number * LANES + lanes, columns] = weights
    return matrix[: shape[0]]


def _group(rows: Int8) -> Numbers:
    """The instructions of up to ten rows: six places for each weight, of which those that it needs are kept."""
    columns, lanes = np.nonzero(rows.T)
    weights = rows[lanes, columns].astype(np.int64)
    negated = (weights < 0) & (lanes >= LOW_LANES)
    first = np.diff(columns, prepend=-1) != 0
    steps = REACH * np.diff(columns // REACH, prepend=0)
    far = np.maximum(steps - 1, 0) // LARGEST_STEP
    steps -= LARGEST_STEP * far
    places = [
        np.where(steps > 0, STEP | steps, 0),
        np.where(first, LOAD | columns % REACH << 6, 0),
        np.where(first & np.isin(columns, columns[negated]), NEGATE, 0),
        *_product(lanes, weights, negated.astype(np.int64)),
    ]
    code = np.stack(places, axis=1)
    code = np.insert(code, np.repeat(np.arange(len(code)), far), [STEP | LARGEST_STEP, 0, 0, 0, 0, 0], axis=0)
    return np.append(code[code != 0], [NEXT_GROUP, RETURN])


def _product(lanes: Numbers, weights: Numbers, source: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """What adds each weight times its input, or less it where the `source` is r1: 0 is no instruction."""
    size = np.abs(weights)
    shift = np.log2(size).astype(np.int64)
    is_power = size == 1 << shift
    made = np.where(is_power, SHIFT | shift << 6, MULTIPLY) | source << 3
    term = np.where(size == 1, source, 2)
    register = SUMS[lanes]
    low = np.where(weights < 0, SUBTRACT_LOW, ADD_LOW) | term << 6 | register << 3 | register
    high = ADD_HIGH | term << 3 | register - 8
    return np.where(is_power, 0, MOVE | size), np.where(size == 1, 0, made), np.where(lanes < LOW_LANES, low, high)


def _weights(code: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """Lanes, columns and values of the weights in the instructions of one group."""
    is_load, is_low = code & ~(REACH - 1 << 6) == LOAD, code >> 10 == ADD_LOW >> 10
    steps = np.cumsum(np.where(code & ~0xFF == STEP, code & 0xFF, 0))
    adds = np.flatnonzero(is_low | (code & ~0xFF == ADD_HIGH & ~0xFF))
    loads = np.flatnonzero(is_load)[np.cumsum(is_load)[adds] - 1]
    columns = steps[loads] + (code[loads] >> 6) % REACH

    low, last, made, moved = is_low[adds], code[adds], code[adds - 1], code[np.maximum(adds - 2, 0)]
    register = np.where(low, last & 7, 8 + (last & 7))
    term = np.where(low, last >> 6 & 7, last >> 3 & 15)
    source = np.where(term == 2, made >> 3 & 7, term)
    product = np.where(made & ~0x38 == MULTIPLY, moved & 0xFF, 1 << (made >> 6 & 31))
    size = np.where(term == 2, product, 1)
    is_negative = (source == 1) | low & (last & SUBTRACT_LOW == SUBTRACT_LOW)
    return np.searchsorted(SUMS, register), columns, np.where(is_negative, -size, size)
