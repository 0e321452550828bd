"""Movement's scores are learned under masks that get sparser, by the gradients of the network that is left."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from tinyprune.frontend.dataset import Dataset

pytestmark = pytest.mark.keras

SPARSITY = 0.75
INPUTS, CLASSES = 8, 2
SIZE = INPUTS * CLASSES


@pytest.fixture
def regression() -> Any:
    """A softmax regression without a bias: its gradient is known in closed form."""
    import keras

    keras.utils.set_random_seed(1)
    return keras.Sequential([keras.Input((INPUTS,)), keras.layers.Dense(CLASSES, use_bias=False, name="head")])


def samples(count: int) -> tuple[Any, Any]:
    random = np.random.default_rng(0)
    return random.normal(size=(count, INPUTS)).astype(np.float32), np.arange(count) % CLASSES


def slope(weights: Any, x: Any, y: Any) -> Any:
    """x^T (softmax(x w) - y) / n."""
    powers = np.exp(x @ weights)
    return x.T @ (powers / powers.sum(axis=1, keepdims=True) - np.eye(CLASSES)[y]) / len(x)


def watched(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, Any]]:
    """The mask and the gradients of the kernel in each step that is going to be taken."""
    from tinyprune.pruning import evidence

    seen: list[tuple[Any, Any]] = []
    made: Callable[..., Any] = evidence._training_step

    def watching(*arguments: Any) -> Any:
        step = made(*arguments)

        def taken(x: Any, y: Any, masks: Any) -> Any:
            slopes = step(x, y, masks)
            seen.append((masks["head/kernel"], slopes["head/kernel"]))
            return slopes

        return taken

    monkeypatch.setattr(evidence, "_training_step", watching)
    return seen


def test_masks_get_sparser_and_are_of_the_lowest_scores(regression: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from tinyprune.pruning import evidence
    from tinyprune.pruning.fine_tuning import FineTuning

    seen = watched(monkeypatch)
    tuning = FineTuning(regression, Dataset(*samples(256)), trains=True, rate=1e-3, seed=0)
    scores = tuning.evidence("movement", ["head/kernel"], 0, SPARSITY)["head/kernel"][0]
    gone = [int((~mask).sum()) for mask, _ in seen]
    assert len(gone) == evidence.TRAINING_STEPS
    assert gone == sorted(gone) and gone[0] == 0 and gone[-1] == round(SPARSITY * SIZE)
    assert gone[len(gone) // 2 - 1] == round(SPARSITY * (1 - 0.5**3) * SIZE), "the ramp is cubic"
    last = seen[-1][0]
    assert any((mask & ~last).any() for mask, _ in seen), "some weight that ends masked was there before"
    settled = np.sort(scores, axis=None)[round(SPARSITY * SIZE)]
    assert np.median(scores[last]) >= settled > np.median(scores[~last])


def test_a_step_computes_and_learns_under_its_mask_and_forgets_nothing(regression: Any) -> None:
    import keras
    import tensorflow as tf

    from tinyprune.pruning.evidence import _training_step

    regression.compile(loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True), jit_compile=False)
    kernel = regression.get_layer("head").kernel
    before = np.asarray(kernel)
    mask = np.arange(SIZE).reshape(before.shape) % 3 > 0
    x, y = samples(32)
    step = _training_step(regression, {"head/kernel": kernel})
    found = step(tf.constant(x), tf.constant(y), {"head/kernel": mask})["head/kernel"]
    assert np.allclose(found, slope(np.where(mask, before, 0), x, y), atol=1e-6)
    assert not np.allclose(found, slope(before, x, y), atol=1e-3)
    after = np.asarray(kernel)
    assert np.array_equal(after[~mask], before[~mask])
    assert (after[mask] != before[mask]).all()


def test_what_the_network_misses_comes_back(regression: Any) -> None:
    """Two inputs that are the same: of a converged network neither has a gradient, but with one gone the other has."""
    import tensorflow as tf

    from tinyprune.pruning.evidence import movement
    from tinyprune.pruning.mask_keeper import MaskKeeper

    regression.compile(loss=_from_logits(), jit_compile=False)
    x, y = samples(256)
    x[:, :2] = (2 * y - 1)[:, None]
    weights = np.zeros((INPUTS, CLASSES), np.float32)
    weights[:2] = [-2, 2]
    regression.get_layer("head").set_weights([weights])
    kernels = {"head/kernel": regression.get_layer("head").kernel}

    def batches() -> Iterator[tuple[Any, Any]]:
        while True:
            yield tf.constant(x), tf.constant(y)

    def scores(sparsity: float) -> Any:
        return movement(regression, kernels, MaskKeeper(regression, {}), batches(), sparsity)["head/kernel"][0]

    assert scores(14 / SIZE)[:2].max() > 3 * scores(0.0)[:2].max() > 0


def _from_logits() -> Any:
    import keras

    return keras.losses.SparseCategoricalCrossentropy(from_logits=True)
