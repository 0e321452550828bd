"""One-shot pruning of int8 weights: so many as asked, and the smallest real ones."""

import numpy as np
import pytest
from chains import dense, every_operator, tensors, values
from hypothesis import given
from hypothesis import strategies as st

from tinyprune import formats
from tinyprune.errors import TinypruneError
from tinyprune.ir import DepthwiseConv2D, Graph, Int8, Weighted
from tinyprune.passes.prune_weights import BLOCKS, prune_weights

NO_ZEROS = np.where(values((7, 11), 4) == 0, 1, values((7, 11), 4)).astype(np.int8)


def pruned(weights: Int8, sparsity: float, scales: tuple[float, ...] = (1.0,), granularity: str = "element") -> Int8:
    rows, columns = weights.shape
    layer = dense("layer", "x", "y", weights, scales)
    graph = Graph("one", tensors(x=(1, columns), y=(1, rows)), (layer,), ("x",), ("y",))
    (after,) = prune_weights(graph, sparsity, granularity).layers
    assert isinstance(after, Weighted)
    return formats.unpack(after.weights)


@given(st.floats(0, 1))
def test_the_share_of_zeros_is_exact(sparsity: float) -> None:
    assert np.count_nonzero(pruned(NO_ZEROS, sparsity) == 0) == round(sparsity * NO_ZEROS.size)


@given(st.floats(0, 1))
def test_what_is_kept_is_as_it_was_and_no_smaller_than_what_went(sparsity: float) -> None:
    after = pruned(NO_ZEROS, sparsity)
    kept = after != 0
    np.testing.assert_array_equal(after[kept], NO_ZEROS[kept])
    magnitude = np.abs(NO_ZEROS.astype(int))
    assert magnitude[kept].min(initial=999) >= magnitude[~kept].max(initial=0)


def test_real_magnitudes_count_not_quantized_ones() -> None:
    weights = np.array([[100, 90], [3, 2]], np.int8)
    assert pruned(weights, 0.5, scales=(0.01, 1.0)).tolist() == [[0, 0], [3, 2]]


def test_of_equal_magnitudes_the_later_go() -> None:
    assert pruned(np.array([[5, -5, 5, -5]], np.int8), 0.5).tolist() == [[5, -5, 0, 0]]


def test_minus_128_is_the_largest() -> None:
    assert pruned(np.array([[127, -128]], np.int8), 0.5).tolist() == [[0, -128]]


def test_depthwise_weights_and_every_bias_are_left_alone() -> None:
    for old, new in zip(every_operator().layers, prune_weights(every_operator(), 0.99).layers, strict=True):
        if isinstance(old, Weighted):
            assert isinstance(new, Weighted)
            np.testing.assert_array_equal(new.bias, old.bias)
            same = np.array_equal(formats.unpack(new.weights), formats.unpack(old.weights))
            assert same == isinstance(old, DepthwiseConv2D)


def test_blocks_go_whole() -> None:
    for granularity, (height, width) in BLOCKS.items():
        after = pruned(NO_ZEROS[:4, :8], 0.5, granularity=granularity)
        blocks = after.reshape(4 // height, height, 8 // width, width).any(axis=(1, 3))
        np.testing.assert_array_equal((after != 0), blocks.repeat(height, axis=0).repeat(width, axis=1))
        assert np.count_nonzero(after) == 16


def test_a_matrix_of_broken_blocks_is_pruned_too() -> None:
    after = pruned(NO_ZEROS, 0.5, granularity="block:2x2")  # 7 x 11: blocks of the edges count as if filled with zeros
    blocks = np.pad(after, ((0, 1), (0, 1))).reshape(4, 2, 6, 2).any(axis=(1, 3))
    assert after.shape == NO_ZEROS.shape and np.count_nonzero(blocks) == 12


def test_2_of_4_keeps_the_two_largest_of_each_run() -> None:
    weights = np.array([[1, -5, 3, 2, 9, 9, 9, 8, 1, 7, 6]], np.int8)
    assert pruned(weights, 0.5, granularity="n_m:2:4").tolist() == [[0, -5, 3, 0, 9, 9, 0, 0, 0, 7, 6]]


@pytest.mark.parametrize(
    ("granularity", "sparsity", "message"),
    [("n_m:2:4", 0.9, "is a sparsity of 0.5, not 0.9"), ("block:3x3", 0.5, "unknown granularity 'block:3x3'")],
)
def test_what_cannot_be_is_refused(granularity: str, sparsity: float, message: str) -> None:
    with pytest.raises(TinypruneError, match=message):
        pruned(NO_ZEROS, sparsity, granularity=granularity)
