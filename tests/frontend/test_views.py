"""Views as numpy has them, and block copies normalised."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tinyprune.frontend.views import View, block_copy
from tinyprune.reference.moves import elements

shapes = st.lists(st.integers(1, 4), min_size=1, max_size=5).map(tuple)


def taken(view: View, size: int) -> np.ndarray:
    flat = np.arange(size)
    return flat[elements(view.shape, view.offset, view.strides)].reshape(view.shape)


@given(shapes, st.data())
def test_a_view_is_what_numpy_takes(shape: tuple[int, ...], data: st.DataObject) -> None:
    array, view = np.arange(np.prod(shape)).reshape(shape), View.of(shape)
    axes = tuple(data.draw(st.permutations(range(len(shape)))))
    array, view = array.transpose(axes), view.transposed(axes)
    axis = data.draw(st.integers(0, len(shape) - 1))
    first, last = sorted(
        (data.draw(st.integers(0, array.shape[axis] - 1)), data.draw(st.integers(0, array.shape[axis] - 1)))
    )
    picked = range(last, first - 1, -1) if data.draw(st.booleans()) else range(first, last + 1)
    array, view = np.take(array, picked, axis), view.sliced(axis, picked[0], len(picked), picked.step)
    np.testing.assert_array_equal(taken(view, int(np.prod(shape))), array)
    np.testing.assert_array_equal(taken(view.at(axis, 0), int(np.prod(shape))), np.take(array, 0, axis))


@given(shapes, st.data())
def test_normalising_moves_the_same_elements(shape: tuple[int, ...], data: st.DataObject) -> None:
    axes = tuple(data.draw(st.permutations(range(len(shape)))))
    origin = View.of(shape).transposed(axes)
    target = View.of(origin.shape)
    copy = block_copy(0, origin, target)
    size = int(np.prod(shape))
    moved, expected = np.zeros(size), np.zeros(size)
    moved[elements(copy.shape, copy.output_offset, copy.output_strides)] = elements(copy.shape, 0, copy.input_strides)
    expected[elements(target.shape, 0, target.strides)] = elements(origin.shape, 0, origin.strides)
    np.testing.assert_array_equal(moved, expected)
    assert 1 not in copy.shape or copy.shape == (1,)


def test_contiguous_memory_is_one_run() -> None:
    view = View.of((1, 6, 5, 4)).sliced(1, 2, 3)
    copy = block_copy(0, view, View.of(view.shape))
    assert (copy.shape, copy.input_offset, copy.input_strides, copy.output_strides) == ((60,), 40, (1,), (1,))
