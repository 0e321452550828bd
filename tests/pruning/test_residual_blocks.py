"""Residual blocks are removed whole, and the shorter model computes what the masked one did."""

from typing import Any

import numpy as np
import pytest

from tinyprune.errors import TinypruneError
from tinyprune.frontend.dataset import Dataset
from tinyprune.pruning import prune

pytestmark = pytest.mark.keras

LAYERS: dict[str, Any] = {"granularity": "layer", "schedule": "one_shot"}


def resnet(last: str = "relu") -> Any:
    """Two residual blocks, the second with larger weights; between them one with a projection, which is no unit."""
    import keras

    keras.utils.set_random_seed(1)
    layers = keras.layers
    inputs = keras.Input((8, 8, 3))
    x = layers.Conv2D(8, 3, padding="same", name="stem")(inputs)
    for number in range(3):
        shortcut = layers.Conv2D(8, 1, name="projection")(x) if number == 1 else x
        y = layers.Conv2D(8, 3, padding="same", use_bias=False, name=f"a{number}")(x)
        y = layers.ReLU()(layers.BatchNormalization(name=f"n{number}")(y))
        y = layers.Conv2D(8, 3, padding="same", activation=last, name=f"b{number}")(y)
        y = layers.Dropout(0.1)(y)
        x = layers.Add(name=f"add{number}")([y, shortcut] if number == 2 else [shortcut, y])
    x = x + layers.DepthwiseConv2D(3, padding="same", name="only_depthwise")(x)
    model = keras.Model(inputs, layers.Dense(4, name="head")(layers.GlobalAveragePooling2D()(x)))
    for number, scale in enumerate((1.0, 0.3, 2.0)):
        for name in (f"a{number}", f"b{number}"):
            kernel = model.get_layer(name).kernel
            kernel.assign(np.asarray(kernel) * scale)
    return model


def test_the_weakest_block_goes_and_outputs_stay() -> None:
    from tinyprune.pruning.copying import copy_of
    from tinyprune.pruning.mask_keeper import MaskKeeper

    model = resnet()
    shorter, result = prune(model, None, 0.5, **LAYERS)
    assert result.kept == {"add0": (0, 1), "add2": (1, 1)}
    left = {layer.name for layer in shorter.layers}
    assert {"a1", "b1", "a2", "b2", "projection", "only_depthwise"} <= left and not {"a0", "b0", "n0", "add0"} & left
    masked = copy_of(model)
    MaskKeeper(masked, result.masks)
    x = np.random.default_rng(0).normal(size=(4, 8, 8, 3)).astype(np.float32)
    assert np.array_equal(masked.predict(x, verbose=0), shorter.predict(x, verbose=0))
    assert result.parameters_before - result.parameters_after == 2 * 9 * 64 + 8 + 4 * 8


def test_all_blocks_may_go_and_fine_tuning_masks_them(tmp_path: Any) -> None:
    import keras

    x = np.random.default_rng(0).normal(size=(32, 8, 8, 3)).astype(np.float32)
    data = Dataset(x, np.arange(32) % 4, x, np.arange(32) % 4)
    shorter, result = prune(resnet(), data, 0.99, granularity="layer", criterion="taylor", epochs=4)
    assert result.kept == {"add0": (0, 1), "add2": (0, 1)}
    shorter.save(tmp_path / "short.keras")
    again = keras.saving.load_model(tmp_path / "short.keras")
    answers = again.predict(x, verbose=0).argmax(1)
    assert np.mean(answers == data.y_test) == result.accuracy_after


def test_a_branch_that_is_not_zero_without_weights_is_no_unit() -> None:
    with pytest.raises(TinypruneError, match="nothing to prune by granularity 'layer'"):
        prune(resnet(last="sigmoid"), None, 0.5, **LAYERS)


def test_exclusion_and_scope() -> None:
    _, result = prune(resnet(), None, 0.99, **LAYERS, exclude=["a0"])
    assert result.kept == {"add2": (0, 1)}
    with pytest.raises(TinypruneError, match="scope 'erk' does not give"):
        prune(resnet(), None, 0.5, **LAYERS, scope="erk")


def test_a_branch_that_is_read_elsewhere_is_no_unit() -> None:
    import keras

    layers = keras.layers
    inputs = keras.Input((8,))
    y = layers.Dense(8, name="inside")(inputs)
    model = keras.Model(inputs, [layers.Dense(2)(layers.Add()([inputs, y])), layers.Dense(2)(y)])
    with pytest.raises(TinypruneError, match="nothing to prune"):
        prune(model, None, 0.5, **LAYERS)
