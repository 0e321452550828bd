"""Every storage format gives back what it was given, in the bytes that it promises."""

import numpy as np
import pytest
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
    packed = formats.pack(name, values, ONE)
    assert packed.format == name
    assert packed.shape == values.shape
    again = formats.unpack(packed)
    assert again.dtype == np.int8
    np.testing.assert_array_equal(again, values)


@given(values=weights())
def test_dense_takes_a_byte_a_weight(values: Int8) -> None:
    assert formats.nbytes(formats.pack("dense", values, ONE)) == values.size


@given(values=weights())
def test_csr_takes_three_bytes_a_non_zero_and_two_a_row(values: Int8) -> None:
    expected = 3 * np.count_nonzero(values) + 2 * values.shape[0]
    assert formats.nbytes(formats.pack("csr", values, ONE)) == expected


def test_csr_holds_its_last_column() -> None:
    matrix = np.zeros((2, csr.MAX_COLUMNS - 1), np.int8)
    matrix[1] = 1
    np.testing.assert_array_equal(csr.unpack(csr.pack(matrix), matrix.shape), matrix)


def test_csr_refuses_more_columns_than_it_can_count() -> None:
    with pytest.raises(ValueError, match="at most 65535 columns, not 65536"):
        csr.pack(np.zeros((1, csr.MAX_COLUMNS), np.int8))
