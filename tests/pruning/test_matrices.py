"""Elements, N:M runs and blocks lie as the C kernels read them."""

from typing import Any

import numpy as np
import pytest

from tinyprune.errors import TinypruneError
from tinyprune.frontend.dataset import Dataset
from tinyprune.pruning import prune
from tinyprune.pruning.granularities import GRANULARITIES, named

pytestmark = pytest.mark.keras


@pytest.fixture
def wide() -> Any:
    """Conv2D with 2x2x4 inputs an output channel, then dense layers; 6 and 5 outputs, which no 4 divides."""
    import keras

    keras.utils.set_random_seed(1)
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((4, 4, 4)),
            layers.Conv2D(6, 2, name="conv"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(8, name="middle"),
            layers.Dense(5, name="head"),
        ]
    )


def ohwi(model: Any, name: str) -> Any:
    """The kernel as `.tflite` has it: a row for each output channel, then height, width, input channel."""
    kernel = np.asarray(model.get_layer(name).kernel)
    return np.moveaxis(kernel, -1, 0).reshape(kernel.shape[-1], -1)


@pytest.mark.parametrize(("pattern", "kept", "run"), [("2:4", 2, 4), ("1:4", 1, 4), ("4:8", 4, 8)])
def test_each_run_keeps_its_n_largest(wide: Any, pattern: str, kept: int, run: int) -> None:
    pruned, result = prune(wide, granularity=f"n_m:{pattern}", schedule="one_shot", exclude=["middle"])
    for name in ("conv", "head"):
        before, after = ohwi(wide, name).reshape(-1, run), ohwi(pruned, name).reshape(-1, run)
        assert ((after != 0).sum(axis=1) == kept).all()
        lost = np.where(after == 0, np.abs(before), 0).max(axis=1)
        assert (lost <= np.where(after != 0, np.abs(before), np.inf).min(axis=1)).all()
    assert result.sparsity == {"conv": 1 - kept / run, "head": 1 - kept / run}


def test_n_m_is_the_same_in_steps(wide: Any) -> None:
    x = np.random.default_rng(0).normal(size=(32, 4, 4, 4)).astype(np.float32)
    data = Dataset(x, np.arange(32) % 5)
    pruned, result = prune(wide, data, granularity="n_m", epochs=4, exclude=["middle"])
    assert [row["sparsity"] for row in result.history][-1] == 0.5
    assert ((ohwi(pruned, "conv").reshape(-1, 4) != 0).sum(axis=1) == 2).all()


@pytest.mark.parametrize(("pattern", "high", "across"), [("4x1", 4, 1), ("2x2", 2, 2), ("4x2", 4, 2), ("1x4", 1, 4)])
def test_blocks_go_whole_and_the_weakest_first(wide: Any, pattern: str, high: int, across: int) -> None:
    pruned, result = prune(wide, sparsity=0.5, granularity=f"block:{pattern}", schedule="one_shot")
    matrix, before = ohwi(pruned, "conv"), ohwi(wide, "conv")
    blocks = [
        (np.s_[row : row + high, column : column + across])
        for row in range(0, matrix.shape[0], high)
        for column in range(0, matrix.shape[1], across)
    ]
    stays = [bool(matrix[block].any()) for block in blocks]
    assert all(bool(matrix[block].all()) == stay for block, stay in zip(blocks, stays, strict=True))
    assert sum(stays) == len(blocks) - round(0.5 * len(blocks)) == result.kept["conv"][0]
    strength = [float(np.abs(before[block]).mean()) for block in blocks]
    gone = [value for value, stay in zip(strength, stays, strict=True) if not stay]
    left = [value for value, stay in zip(strength, stays, strict=True) if stay]
    assert max(gone) <= min(left)


def test_n_m_names_the_layer_that_it_does_not_divide(wide: Any) -> None:
    with pytest.raises(
        TinypruneError, match=r"(?s)'middle' has 6 weights an output channel, which 2:4 does not divide.*exclude"
    ):
        prune(wide, granularity="n_m", schedule="one_shot")


def test_n_m_fixes_sparsity_and_scope(wide: Any) -> None:
    with pytest.raises(TinypruneError, match="1:4 leaves every layer 75% sparse, not 50%"):
        prune(wide, sparsity=0.5, granularity="n_m:1:4", schedule="one_shot")
    with pytest.raises(TinypruneError, match="scope 'global' would not"):
        prune(wide, granularity="n_m", scope="global", schedule="one_shot")


def test_names_of_granularities() -> None:
    assert named("block").pattern == named("block:4x1").pattern == (4, 1)
    assert named("n_m").pattern == named("n_m:2:4").pattern == (2, 4)
    assert named("element").pattern == (1, 1)
    with pytest.raises(TinypruneError, match=r"(?s)unknown pattern of granularity 'block' '3x3'.*4x2"):
        named("block:3x3")
    with pytest.raises(TinypruneError, match="'element' has no patterns"):
        named("element:2")
    with pytest.raises(TinypruneError, match=r"(?s)unknown granularity 'blok'.*did you mean block"):
        named("blok")
    assert all(row.summary for row in GRANULARITIES.values())
