"""Criteria that learn from data find the inputs that matter; what they observe leaves the model as it was."""

from typing import Any

import numpy as np
import pytest

from tinyprune.errors import TinypruneError
from tinyprune.frontend.dataset import Dataset
from tinyprune.pruning import prune
from tinyprune.pruning.criteria import CRITERIA

pytestmark = pytest.mark.keras

DATA_DRIVEN = [name for name, row in CRITERIA.items() if row.evidence]
SIGNAL = 4  # of 12 inputs


@pytest.fixture
def noisy() -> Dataset:
    """Two classes told by the first inputs; the others are silent in the data, but have the largest weights."""
    random = np.random.default_rng(0)
    labels = random.integers(0, 2, 256)
    x = np.zeros((256, 12), np.float32)
    x[:, :SIGNAL] = (2 * labels[:, None] - 1) + random.normal(0, 1.0, (256, SIGNAL))
    x[:, SIGNAL:] = random.normal(0, 0.1, (256, 12 - SIGNAL))
    return Dataset(x, labels, x, labels)


@pytest.fixture
def misled() -> Any:
    """Small right weights on the signal, and large ones on the rest, alike for both classes."""
    import keras

    model = keras.Sequential([keras.Input((12,)), keras.layers.Dense(2, name="head")])
    weights = np.full((12, 2), 0.5, np.float32)
    weights[:SIGNAL] = [-0.2, 0.2]
    model.get_layer("head").set_weights([weights, np.zeros(2)])
    return model


@pytest.mark.parametrize("criterion", ["gradient", "taylor", "movement", "l0"])
def test_they_find_what_magnitude_misses(misled: Any, noisy: Dataset, criterion: str) -> None:
    options = {"sparsity": 1 - SIGNAL / 12, "schedule": "one_shot"}
    before = misled.get_weights()
    signal = np.arange(24).reshape(12, 2) < 2 * SIGNAL
    by_magnitude = prune(misled, noisy, criterion="magnitude", **options)[1].masks["head/kernel"]
    found = prune(misled, noisy, criterion=criterion, **options)[1].masks["head/kernel"]
    assert not (by_magnitude & signal).any()
    assert (found & signal).sum() >= 7
    assert all(np.array_equal(a, b) for a, b in zip(before, misled.get_weights(), strict=True))


@pytest.mark.parametrize("criterion", DATA_DRIVEN)
def test_one_shot_changes_nothing_but_what_it_removes(model: Any, data: Dataset, criterion: str) -> None:
    pruned, result = prune(model, data, 0.5, criterion=criterion, schedule="one_shot")
    for name in ("conv", "head"):
        mask = result.masks[f"{name}/kernel"]
        given, got = (np.asarray(each.get_layer(name).kernel) for each in (model, pruned))
        assert np.array_equal(got, np.where(mask, given, 0))
    assert np.array_equal(*(np.asarray(m.get_layer("depthwise").kernel) for m in (model, pruned)))


@pytest.mark.parametrize("policy", ["mixed_float16", "float16"])
@pytest.mark.parametrize("criterion", DATA_DRIVEN)
def test_any_precision_goes(noisy: Dataset, criterion: str, policy: str) -> None:
    import keras

    dense = keras.layers.Dense(2, activation="softmax", name="head", dtype=policy)
    model = keras.Sequential([keras.Input((12,)), dense])
    pruned = prune(model, noisy, 0.5, criterion=criterion, schedule="one_shot")[0]
    assert (np.asarray(pruned.get_layer("head").kernel) == 0).mean() == 0.5


@pytest.mark.parametrize("criterion", DATA_DRIVEN)
def test_without_data_they_say_so(model: Any, criterion: str) -> None:
    with pytest.raises(TinypruneError, match=rf"(?s)criterion '{criterion}' needs labelled training data.*magnitude"):
        prune(model, None, 0.5, criterion=criterion, schedule="one_shot")


def test_l1_shrinks_what_the_loss_does_not_hold(misled: Any, noisy: Dataset) -> None:
    options = {"sparsity": 0.5, "schedule": "one_shot", "criterion": "l1"}
    weights = misled.get_layer("head").get_weights()
    weights[0][:] = 0.2 * np.sign(weights[0])
    misled.get_layer("head").set_weights(weights)
    mask = prune(misled, noisy, **options)[1].masks["head/kernel"]
    assert mask[:SIGNAL].all()


def test_gradients_are_those_of_the_loss(misled: Any, noisy: Dataset) -> None:
    """The mean gradient of a softmax regression is x^T (p - y), which is known in closed form."""
    from tinyprune.pruning.fine_tuning import FineTuning

    tuning = FineTuning(misled, Dataset(noisy.x_train[:32], noisy.y_train[:32]), trains=True, rate=1e-3, seed=0)
    found = tuning.evidence("gradients", ["head/kernel"], 0, 0.5)["head/kernel"]
    x, y = noisy.x_train[:32], np.eye(2)[noisy.y_train[:32]]
    logits = np.exp(x @ np.asarray(misled.get_layer("head").kernel))
    expected = x.T @ (logits / logits.sum(axis=1, keepdims=True) - y) / 32
    assert np.allclose(found, expected, atol=1e-5)
