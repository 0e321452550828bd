"""`sensitivity`: each point of a curve is the accuracy of the model with that layer alone pruned."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tinyprune.errors import TinypruneError
from tinyprune.frontend.dataset import Dataset
from tinyprune.pruning import prune
from tinyprune.pruning.sensitivity import sensitivity

pytestmark = pytest.mark.keras

LEVELS = (0.5, 0.9)


@pytest.fixture
def trained(model: Any, data: Dataset) -> Any:
    import keras

    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", jit_compile=False)
    model.fit(data.x_train, data.y_train, epochs=15, verbose=0)
    return model


def accuracy(model: Any, data: Dataset) -> float:
    return float(np.mean(model.predict(data.x_train, verbose=0).argmax(1) == data.y_train))


@pytest.mark.parametrize("granularity", ["element", "block:4x1", "channel"])
def test_a_point_is_what_pruning_that_layer_alone_leaves(trained: Any, data: Dataset, granularity: str) -> None:
    before = trained.get_weights()
    found = sensitivity(trained, data, granularity=granularity, sparsities=LEVELS)
    assert all(np.array_equal(a, b) for a, b in zip(before, trained.get_weights(), strict=True))
    assert found.accuracy == accuracy(trained, data) and found.samples == 128 and found.levels == LEVELS
    for curve in found.curves:
        assert (curve.sparsities[0], curve.accuracies[0]) == (0.0, found.accuracy)
        for level, reached, share in zip(LEVELS, curve.sparsities[1:], curve.accuracies[1:], strict=True):
            options: dict[str, Any] = {"granularity": granularity, "scope": "per_layer", "layers": {curve.layer: level}}
            pruned, result = prune(trained, None, 0.0, schedule="one_shot", **options)
            assert share == accuracy(pruned, data)
            kept, units = result.kept[next(name for name in result.kept if curve.layer in name)]
            assert reached == pytest.approx(1 - kept / units)
    assert min(curve.accuracies[-1] for curve in found.curves) < found.accuracy - 0.1


def test_weights_are_those_of_the_kernels(trained: Any, data: Dataset) -> None:
    weights = {"conv": 54, "head": 384}
    for granularity in ("element", "channel"):
        found = sensitivity(trained, data, granularity=granularity, sparsities=[0.5])
        assert all(curve.weights == weights[curve.layer] for curve in found.curves)
        assert found.curves


def test_a_pattern_has_its_own_sparsity(trained: Any, data: Dataset) -> None:
    found = sensitivity(trained, data, granularity="n_m:2:4", exclude=["conv"])
    assert [(curve.layer, curve.sparsities) for curve in found.curves] == [("head", (0.0, 0.5))]


def test_mistakes(model: Any, data: Dataset) -> None:
    with pytest.raises(TinypruneError, match="needs labelled training data"):
        sensitivity(model, replace(data, y_train=None))
    with pytest.raises(TinypruneError, match=r"sparsity 1.0 is not in \[0, 1\)"):
        sensitivity(model, data, sparsities=[0.5, 1.0])
    with pytest.raises(TinypruneError, match="unknown criterion 'best'"):
        sensitivity(model, data, criterion="best")
    with pytest.raises(TinypruneError, match="no sparsity above 0"):
        sensitivity(model, data, sparsities=[0.0])


def test_a_regression_has_no_accuracy(data: Dataset) -> None:
    import keras

    model = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Flatten(), keras.layers.Dense(1)], name="line")
    with pytest.raises(TinypruneError, match="'line' does not classify"):
        sensitivity(model, replace(data, y_train=np.linspace(0, 1, 128)[:, None], y_test=None))


def test_curves_have_names_of_their_own(data: Dataset) -> None:
    import keras

    layers = keras.layers
    inputs = keras.Input((4, 4, 1))
    flat = layers.Flatten()(inputs)
    both = layers.ReLU()(layers.ReLU()(layers.Dense(8, name="both")(flat)))
    halves = layers.Concatenate()([layers.Dense(4, name="left")(flat), layers.Dense(4, name="right")(flat)])
    model = keras.Model(inputs, layers.Dense(4, name="answer")(layers.Add()([both, halves])))
    found = sensitivity(model, data, granularity="channel", sparsities=[0.5])
    assert [curve.layer for curve in found.curves] == ["left", "right"]
    assert all("both" in curve.layers for curve in found.curves)
