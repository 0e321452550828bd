"""Criteria, scopes, granularities and schedules: numpy only, exact counts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from tinyprune.errors import TinypruneError
from tinyprune.pruning.criteria import CRITERIA, FloatArray
from tinyprune.pruning.granularities import GRANULARITIES
from tinyprune.pruning.pruning import Method
from tinyprune.pruning.schedules import SCHEDULES
from tinyprune.pruning.scopes import SCOPES

# few distinct values, so that ties are the rule
kernels = arrays(np.float32, array_shapes(max_side=6), elements=st.sampled_from([-1.0, -0.5, 0.0, 0.5, 1.0]))
shares = st.floats(0, 1, exclude_max=True)


def method(scope: str = "uniform") -> Method:
    return Method(CRITERIA["magnitude"], SCOPES[scope], GRANULARITIES["element"])


def everything(kernel: FloatArray) -> np.ndarray:
    return np.ones(kernel.shape, dtype=bool)


@given(kernels, shares)
def test_exactly_the_rounded_share_of_smallest_weights_goes(kernel: FloatArray, sparsity: float) -> None:
    mask = method().masks({"a": kernel}, {"a": everything(kernel)}, sparsity)["a"]
    assert (~mask).sum() == round(sparsity * kernel.size)
    assert np.abs(kernel[~mask]).max(initial=0) <= np.abs(kernel[mask]).min(initial=np.inf)


def test_of_equal_weights_the_first_go() -> None:
    mask = method().masks({"a": np.ones((2, 3), np.float32)}, {"a": np.ones((2, 3), bool)}, 2 / 3)["a"]
    assert mask.tolist() == [[False] * 3, [False, True, True]]


@given(kernels, shares, shares)
def test_what_is_removed_stays_removed(kernel: FloatArray, first: float, second: float) -> None:
    low, high = sorted((first, second))
    before = method().masks({"a": kernel}, {"a": everything(kernel)}, low)["a"]
    regrown = np.where(before, kernel, np.float32(100))
    after = method().masks({"a": regrown}, {"a": before}, high)["a"]
    assert not (after & ~before).any()
    assert (~after).sum() == round(high * kernel.size)


@given(st.lists(kernels, min_size=1, max_size=4), shares)
def test_global_removes_the_share_of_all_layers_together(layers: list[FloatArray], sparsity: float) -> None:
    named = {str(number): layer for number, layer in enumerate(layers)}
    masks = method("global").masks(named, {name: everything(layer) for name, layer in named.items()}, sparsity)
    removed = np.concatenate([np.abs(named[name][~mask]) for name, mask in masks.items()])
    kept = np.concatenate([np.abs(named[name][mask]) for name, mask in masks.items()])
    assert list(masks) == list(named)
    assert removed.size == round(sparsity * (removed.size + kept.size))
    assert removed.max(initial=0) <= kept.min(initial=np.inf)


def test_uniform_and_global_differ() -> None:
    layers = {"small": np.full(10, 0.1, np.float32), "large": np.full(10, 1.0, np.float32)}
    assert SCOPES["uniform"](layers, 0.5) == {"small": 5, "large": 5}
    assert SCOPES["global"](layers, 0.5) == {"small": 10, "large": 0}


@given(shares, st.integers(4, 200))
def test_iterative_rises_to_the_target_and_spends_all_epochs(sparsity: float, epochs: int) -> None:
    steps = SCHEDULES["iterative"](sparsity, epochs)
    levels = [step.sparsity for step in steps]
    assert levels == sorted(levels) and levels[-1] == sparsity
    assert sum(step.epochs for step in steps) == epochs
    assert all(step.epochs >= 1 for step in steps)
    assert steps[-1].epochs == max(step.epochs for step in steps)


def test_iterative_follows_the_cubic_ramp() -> None:
    levels = [step.sparsity for step in SCHEDULES["iterative"](0.64, 8)]
    assert levels == pytest.approx([0.64 * 37 / 64, 0.64 * 56 / 64, 0.64 * 63 / 64, 0.64])


def test_iterative_refuses_too_few_epochs() -> None:
    with pytest.raises(TinypruneError, match="3 epochs are too few"):
        SCHEDULES["iterative"](0.5, 3)


def test_one_shot_trains_only_on_demand() -> None:
    assert [(step.sparsity, step.epochs) for step in SCHEDULES["one_shot"](0.5, None)] == [(0.5, 0)]
    assert [(step.sparsity, step.epochs) for step in SCHEDULES["one_shot"](0.5, 7)] == [(0.5, 7)]
