"""A tiny problem that a tiny net learns in a few epochs: which corner of an image is bright."""

from typing import Any

import numpy as np
import pytest

from tinyprune.frontend.dataset import Dataset


def corners(samples: int, seed: int) -> tuple[Any, Any]:
    generator = np.random.default_rng(seed)
    labels = np.arange(samples) % 4
    images = generator.uniform(0, 0.5, (samples, 4, 4, 1)).astype(np.float32)
    for image, label in zip(images, labels, strict=True):
        row, column = 2 * (label // 2), 2 * (label % 2)
        image[row : row + 2, column : column + 2] += 0.5
    return images, labels


@pytest.fixture
def data() -> Dataset:
    return Dataset(*corners(128, 1), *corners(64, 2))


@pytest.fixture
def model() -> Any:
    """Conv2D, DepthwiseConv2D and Dense with softmax, uncompiled; the same weights each time."""
    import keras

    keras.utils.set_random_seed(3)
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((4, 4, 1)),
            layers.Conv2D(6, 3, padding="same", activation="relu", name="conv"),
            layers.DepthwiseConv2D(3, padding="same", bias_initializer="ones", name="depthwise"),
            layers.Flatten(),
            layers.Dense(4, activation="softmax", name="head"),
        ],
        name="corners",
    )
