"""Masks hold while Keras trains, whatever the optimizer."""

from typing import Any

import numpy as np
import pytest

from tinyprune.errors import TinypruneError
from tinyprune.frontend.dataset import Dataset

pytestmark = pytest.mark.keras

KERNEL = (96, 4)


def half(seed: int = 0) -> Any:
    return np.random.default_rng(seed).permutation(np.arange(96 * 4) % 2 == 0).reshape(KERNEL)


def head(model: Any) -> Any:
    return np.asarray(model.get_layer("head").kernel)


@pytest.mark.parametrize("optimizer", ["momentum", "adam", "adamw", "averaged"])
def test_masks_hold_after_fit(model: Any, data: Dataset, optimizer: str) -> None:
    import keras

    from tinyprune.pruning.mask_keeper import MaskKeeper

    known = {
        "momentum": keras.optimizers.SGD(0.1, momentum=0.9),
        "adam": keras.optimizers.Adam(0.01),
        "adamw": keras.optimizers.AdamW(0.01, weight_decay=0.1),
        "averaged": keras.optimizers.Adam(0.01, use_ema=True, ema_momentum=0.9),
    }
    model.compile(known[optimizer], "sparse_categorical_crossentropy", jit_compile=False)
    # before the masks, so that the optimizer's momentum pulls on what they remove
    model.fit(data.x_train, data.y_train, epochs=1, verbose=0)
    before = head(model)
    model.fit(data.x_train, data.y_train, epochs=2, verbose=0, callbacks=[MaskKeeper(model, {"head/kernel": half()})])
    assert np.array_equal(head(model) != 0, half())
    assert not np.signbit(head(model)[~half()]).any()
    assert (head(model)[half()] != before[half()]).all()
    model.fit(data.x_train, data.y_train, epochs=1, verbose=0)
    assert head(model)[~half()].any(), "without the callback the weights should come back, or this test shows nothing"


def test_masks_apply_at_once_and_can_be_replaced(model: Any) -> None:
    from tinyprune.pruning.mask_keeper import MaskKeeper

    keeper = MaskKeeper(model, {"head/kernel": half()})
    assert np.array_equal(head(model) != 0, half())
    conv = np.asarray(model.get_layer("conv").kernel)
    assert conv.all()
    keeper.update({"head/kernel": half() & half(1), "conv/kernel": np.zeros(conv.shape, dtype=bool)})
    assert np.array_equal(head(model) != 0, half() & half(1))
    assert not np.asarray(model.get_layer("conv").kernel).any()


def test_a_diverged_weight_is_removed_too(model: Any) -> None:
    from tinyprune.pruning.mask_keeper import MaskKeeper

    model.get_layer("head").kernel.assign(np.full(KERNEL, np.nan))
    MaskKeeper(model, {"head/kernel": np.zeros(KERNEL, dtype=bool)})
    assert not head(model).any()


def test_a_wrong_name_or_shape_is_refused(model: Any) -> None:
    from tinyprune.pruning.mask_keeper import MaskKeeper

    with pytest.raises(TinypruneError, match=r"(?s)'heda/kernel'.*did you mean head/kernel"):
        MaskKeeper(model, {"heda/kernel": half()})
    with pytest.raises(TinypruneError, match=r"'head/kernel' is \(4, 96\), the weight is \(96, 4\)"):
        MaskKeeper(model, {"head/kernel": half().T})
