"""Every storage format gives back what it was given, in the bytes that it promises."""

from collections.abc import Callable

import numpy as np
import pytest
from holdable import holdable
from hypothesis import given
from hypothesis import strategies as st

from tinyprune import formats
from tinyprune.formats import FORMATS, csr
from tinyprune.ir import Int8, Quant

ONE = Quant((1.0,), 0)
SHAPES = st.lists(st.integers(1, 9), min_size=2, max_size=4).map(tuple)


@st.composite
def weights(draw: st.DrawFn) -> Int8:
    """Of any rank and sparsity, with whole rows of zeros, a single non-zero, or none at all."""
    shape = draw(SHAPES)
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    values = random.integers(-128, 128, shape, np.int8)
    kind = draw(st.sampled_from(["sparse", "zero rows", "one non-zero", "full", "zero"]))
    if kind == "sparse":
        values[random.random(shape) < draw(st.floats(0, 1))] = 0
    elif kind == "zero rows":
        values[random.random(shape[0]) < 0.5] = 0
    elif kind == "one non-zero":
        values[:] = 0
        values.reshape(-1)[random.integers(values.size)] = -128
    elif kind == "full":
        values[values == 0] = 127
    else:
        values[:] = 0
    return values


@pytest.mark.parametrize("name", FORMATS)
@given(values=weights())
def test_round_trip(name: str, values: Int8) -> None:
    values = holdable(name, values)
    packed = formats.pack(name, values, ONE)
    assert packed.format == name
    assert packed.shape == values.shape
    again = formats.unpack(packed)
    assert again.dtype == np.int8
    np.testing.assert_array_equal(again, values)


# what each format promises, of a (rows, columns) matrix
PROMISED: dict[str, Callable[[Int8], int]] = {
    "dense": lambda matrix: matrix.size,
    "csr": lambda matrix: 3 * np.count_nonzero(matrix) + 2 * len(matrix),
    "csr_delta": lambda matrix: 2 * entries(matrix, 255) + 2 * len(matrix),
    "csr_delta4": lambda matrix: -(-3 * entries(matrix, 15) // 2) + 2 * len(matrix),
    "bitmap": lambda matrix: np.count_nonzero(matrix) + len(matrix) * -(-matrix.shape[1] // 8),
    "bsr_2x2": lambda matrix: 6 * blocks(matrix, 2, 2) + 2 * -(-len(matrix) // 2),
    "bsr_4x1": lambda matrix: 6 * blocks(matrix, 4, 1) + 2 * -(-len(matrix) // 4),
    "bsr_4x2": lambda matrix: 10 * blocks(matrix, 4, 2) + 2 * -(-len(matrix) // 4),
    "bsr_1x4": lambda matrix: 6 * blocks(matrix, 1, 4) + 2 * len(matrix),
    "nm_1_4": lambda matrix: -(-len(matrix) * -(-matrix.shape[1] // 4) * 10 // 8),
    "nm_2_4": lambda matrix: -(-len(matrix) * -(-matrix.shape[1] // 4) * 20 // 8),
    "nm_4_8": lambda matrix: -(-len(matrix) * -(-matrix.shape[1] // 8) * 44 // 8),
    "csc": lambda matrix: 3 * np.count_nonzero(matrix) + 2 * matrix.shape[1],
    "code": lambda matrix: 2 * instructions(matrix),
    "coo": lambda matrix: 5 * np.count_nonzero(matrix),
}


def entries(matrix: Int8, largest: int) -> int:
    """The non-zeros, and one more for each `largest` columns that a distance goes beyond the first of them."""
    count = 0
    for row in matrix:
        column = 0
        for nonzero in map(int, np.flatnonzero(row)):
            while nonzero - column > largest:
                column, count = column + largest, count + 1
            column, count = nonzero, count + 1
    return count


def blocks(matrix: Int8, height: int, width: int) -> int:
    return len({(row // height, column // width) for row, column in zip(*np.nonzero(matrix), strict=True)})


def instructions(matrix: Int8) -> int:
    """Of each ten rows: those of each weight, of each column that they use, of each step to one, and two at the end."""
    count = 0
    for start in range(0, len(matrix), 10):
        rows, reached = matrix[start : start + 10].astype(int), 0
        for column in map(int, np.flatnonzero(rows.any(axis=0))):
            count += -(-(column // 32 - reached) // 7) + 1 + bool((rows[4:, column] < 0).any())
            reached = column // 32
        sizes = abs(rows[rows != 0])
        count += sum(1 if size == 1 else 2 if size.bit_count() == 1 else 3 for size in map(int, sizes)) + 2
    return count


@pytest.mark.parametrize("name", FORMATS)
@given(values=weights())
def test_a_format_takes_what_it_promises(name: str, values: Int8) -> None:
    matrix = holdable(name, values).reshape(len(values), -1)
    assert formats.nbytes(formats.pack(name, matrix, ONE)) == PROMISED[name](matrix)


@pytest.mark.parametrize("name", ["csr_delta", "csr_delta4"])
@pytest.mark.parametrize("gap", [15, 16, 30, 31, 255, 256, 510, 511, 999])
def test_long_distances_take_entries_of_zero(name: str, gap: int) -> None:
    matrix = np.zeros((3, 1000), np.int8)
    matrix[0, [0, gap]] = 1, -128
    matrix[2, gap] = 127
    packed = formats.pack(name, matrix, ONE)
    np.testing.assert_array_equal(formats.unpack(packed), matrix)
    assert formats.nbytes(packed) == PROMISED[name](matrix)


def test_nm_refuses_a_group_with_more_non_zeros() -> None:
    with pytest.raises(ValueError, match="nm_2_4 holds 2 of 4 weights, not 3"):
        FORMATS["nm_2_4"].module.pack(np.array([[0, 1, 0, 0, 5, 6, 0, 7]], np.int8))


def test_nm_points_at_nothing_beyond_a_row() -> None:
    """A last group of one column: its second value is the filling, at the place of the first."""
    packed = FORMATS["nm_2_4"].module.pack(np.array([[0, 0, 0, 7, 5]], np.int8))
    assert packed["values"].tolist() == [7, 0, 5, 0] and packed["positions"].tolist() == [0b00_00_00_11]


def test_csr_holds_its_last_column() -> None:
    matrix = np.zeros((2, csr.MAX_COLUMNS - 1), np.int8)
    matrix[1] = 1
    np.testing.assert_array_equal(csr.unpack(csr.pack(matrix), matrix.shape), matrix)


def test_csr_refuses_more_columns_than_it_can_count() -> None:
    with pytest.raises(ValueError, match="at most 65535 columns, not 65536"):
        csr.pack(np.zeros((1, csr.MAX_COLUMNS), np.int8))
