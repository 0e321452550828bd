"""Channels and heads that are masked are removed for real, and the smaller model computes the same."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from shrinking_check import TOLERANCE, difference

from tinyprune.errors import TinypruneError, UnsupportedModelError
from tinyprune.frontend.dataset import Dataset
from tinyprune.pruning import prune

pytestmark = pytest.mark.keras

CHANNELS: dict[str, Any] = {"granularity": "channel", "schedule": "one_shot"}


@pytest.mark.parametrize("seed", range(8))
def test_random_models(seed: int) -> None:
    assert difference(seed) <= TOLERANCE


def residual() -> Any:
    """stem + two convolutions, normalized, added to it; a head. The addition ties stem and second convolution."""
    import keras

    keras.utils.set_random_seed(5)
    layers = keras.layers
    x = inputs = keras.Input((8, 8, 2))
    x = stem = layers.Conv2D(8, 3, padding="same", name="stem")(x)
    x = layers.Conv2D(6, 3, padding="same", activation="relu", name="inside")(x)
    x = layers.BatchNormalization(name="bn")(layers.Conv2D(8, 3, padding="same", name="back")(x))
    x = layers.Flatten()(layers.MaxPooling2D(4)(layers.ReLU()(layers.Add()([stem, x]))))
    return keras.Model(inputs, layers.Dense(3, name="head")(x), name="residual")


def test_coupled_channels_go_together_and_outputs_stay() -> None:
    smaller, result = prune(residual(), None, 0.5, **CHANNELS)
    assert result.kept == {"stem + back": (4, 8), "inside": (3, 6)}
    shapes = {name: tuple(smaller.get_layer(name).kernel.shape) for name in ("stem", "inside", "back", "head")}
    assert shapes == {"stem": (3, 3, 2, 4), "inside": (3, 3, 4, 3), "back": (3, 3, 3, 4), "head": (16, 3)}
    assert result.sparsity == {"stem": 0.5, "inside": 0.75, "back": 0.75, "head": 0.5}
    assert result.parameters_after == smaller.count_params() < result.parameters_before
    assert not smaller.compiled and smaller.name == "residual"


def test_the_weakest_channels_go() -> None:
    model = residual()
    kernel = np.array(model.get_layer("inside").kernel)
    kernel[..., [1, 4, 5]] *= 0.01
    model.get_layer("inside").kernel.assign(kernel)
    smaller, result = prune(model, None, 0.5, **CHANNELS, exclude=["stem"])
    mask = result.masks["inside/kernel"].any(axis=(0, 1, 2))
    assert mask.tolist() == [True, False, True, True, False, False]
    assert "stem/kernel" not in result.masks
    assert np.array_equal(np.asarray(smaller.get_layer("inside").kernel), kernel[..., mask])
    assert np.array_equal(
        np.asarray(smaller.get_layer("back").kernel), np.asarray(model.get_layer("back").kernel)[:, :, mask]
    )


def test_floors_of_channels() -> None:
    kept = prune(residual(), None, 0.99, **CHANNELS)[1].kept
    assert kept == {"stem + back": (1, 8), "inside": (1, 6)}
    kept = prune(residual(), None, 0.99, **CHANNELS, min_channels=2, scope="global")[1].kept
    assert kept == {"stem + back": (2, 8), "inside": (2, 6)}
    kept = prune(residual(), None, 0.6, **CHANNELS, round_to=4)[1].kept
    assert kept == {"stem + back": (4, 8), "inside": (4, 6)}


def test_bn_scale_reads_gamma_and_says_where_there_is_none() -> None:
    model = residual()
    model.get_layer("bn").gamma.assign([1, 0.1, 1, 0.2, 1, 0.3, 1, 0.4])
    mask = prune(model, None, 0.5, criterion="bn_scale", exclude=["inside"], **CHANNELS)[1].masks["bn/gamma"]
    assert mask.tolist() == [True, False] * 4
    with pytest.raises(TinypruneError, match=r"(?s)'inside' has channels without a gamma.*exclude"):
        prune(model, None, 0.5, criterion="bn_scale", **CHANNELS)


@pytest.mark.parametrize("criterion", ["fpgm", "taylor", "movement", "l0", "l1", "gradient", "magnitude_l2", "random"])
def test_every_criterion_judges_channels(criterion: str) -> None:
    random = np.random.default_rng(0)
    data = Dataset(random.normal(size=(64, 8, 8, 2)).astype(np.float32), np.arange(64) % 3)
    _, result = prune(residual(), data, 0.5, criterion=criterion, **CHANNELS)
    assert result.kept == {"stem + back": (4, 8), "inside": (3, 6)}


def test_fine_tuned_channels_stay_gone_and_the_model_saves(tmp_path: Path) -> None:
    import keras

    random = np.random.default_rng(0)
    x = random.normal(size=(64, 8, 8, 2)).astype(np.float32)
    data = Dataset(x, np.arange(64) % 3, x, np.arange(64) % 3)
    smaller, result = prune(residual(), data, 0.5, granularity="channel", epochs=4)
    smaller.save(tmp_path / "smaller.keras")
    again = keras.saving.load_model(tmp_path / "smaller.keras")
    outputs = again.predict(x, verbose=0)
    assert np.array_equal(outputs, smaller.predict(x, verbose=0))
    # accuracy_after was measured on the masked model
    assert np.mean(outputs.argmax(1) == data.y_test) == pytest.approx(result.accuracy_after, abs=1 / 64)


def transformer() -> Any:
    """A small keyword transformer: one block of attention and a dense pair, on 10 steps of 6 features."""
    import keras

    keras.utils.set_random_seed(6)
    layers = keras.layers
    inputs = keras.Input((10, 6))
    x = layers.Dense(16, name="embed")(inputs)
    y = layers.LayerNormalization()(x)
    x = layers.Add()([x, layers.MultiHeadAttention(4, 4, name="attention")(y, y)])
    y = layers.Dense(32, activation="gelu", name="wide")(layers.LayerNormalization()(x))
    x = layers.Add()([x, layers.Dense(16, name="narrow")(y)])
    return keras.Model(inputs, layers.Dense(3, name="head")(layers.GlobalAveragePooling1D()(x)), name="keywords")


def test_heads_are_removed_and_the_model_still_trains_and_saves(tmp_path: Path) -> None:
    import keras

    from tinyprune.pruning.copying import copy_of
    from tinyprune.pruning.mask_keeper import MaskKeeper

    model = transformer()
    x = np.random.default_rng(0).normal(size=(48, 10, 6)).astype(np.float32)
    smaller, result = prune(model, None, 0.5, granularity="head", schedule="one_shot")
    masked = copy_of(model)
    MaskKeeper(masked, result.masks)
    assert result.kept == {"attention": (2, 4)}
    assert smaller.get_layer("attention").num_heads == 2
    assert np.allclose(masked.predict(x, verbose=0), smaller.predict(x, verbose=0), atol=1e-5)
    assert result.parameters_before - result.parameters_after == 2 * (4 * 16 * 4 + 3 * 4)
    smaller.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), jit_compile=False)
    smaller.fit(x, np.arange(48) % 3, epochs=1, verbose=0)
    smaller.save(tmp_path / "heads.keras")
    again = keras.saving.load_model(tmp_path / "heads.keras")
    assert np.array_equal(again.predict(x, verbose=0), smaller.predict(x, verbose=0))


def test_channels_inside_a_transformer() -> None:
    """What layer normalization mixes stays; between the dense pair channels can go."""
    _, result = prune(transformer(), None, 0.5, **CHANNELS)
    assert result.kept == {"wide": (16, 32)}


def test_a_subclassed_model_is_refused() -> None:
    import keras

    class Own(keras.Model):
        def __init__(self) -> None:
            super().__init__(name="own")
            self.dense = keras.layers.Dense(3)

        def call(self, inputs: Any) -> Any:
            return self.dense(inputs)

    model = Own()
    model(np.zeros((1, 4), np.float32))
    with pytest.raises(UnsupportedModelError, match=r"(?s)model 'own' is subclassed.*functional"):
        prune(model, None, 0.5, **CHANNELS)
    with pytest.raises(UnsupportedModelError, match="model 'own' is subclassed"):
        prune(model, Dataset(np.zeros((4, 4), np.float32), np.zeros(4, int)), 0.5)


def test_a_layer_of_unknown_kind_keeps_its_channels() -> None:
    import keras

    class Doubled(keras.layers.Dense):
        def call(self, inputs: Any, training: Any = None) -> Any:
            return super().call(inputs)[..., ::-1]

    inputs = keras.Input((4,))
    x = keras.layers.Dense(6, name="before")(inputs)
    x = keras.layers.Dense(6, name="after")(Doubled(6, name="own")(x))
    model = keras.Model(inputs, keras.layers.Dense(2)(x))
    _, result = prune(model, None, 0.5, **CHANNELS)
    assert result.kept == {"after": (3, 6)}
