"""Pruning inside of a training of one's own: any optimizer, train step, dtype policy; saved and resumed."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tinyprune.errors import TinypruneError
from tinyprune.frontend.dataset import Dataset

pytestmark = pytest.mark.keras

SIZES = {"conv": 54, "head": 384}
LOSS = "sparse_categorical_crossentropy"


def callback(**options: Any) -> Any:
    from tinyprune.pruning import PruningCallback

    return PruningCallback(**{"sparsity": 0.75, "end": 2, **options})


def kernel(model: Any, name: str) -> Any:
    return np.asarray(model.get_layer(name).kernel)


def zeros(model: Any) -> dict[str, int]:
    return {name: int((kernel(model, name) == 0).sum()) for name in SIZES}


FINAL = {name: round(0.75 * size) for name, size in SIZES.items()}


def fit(model: Any, data: Dataset, *callbacks: Any, epochs: int = 4, **options: Any) -> None:
    model.fit(data.x_train, data.y_train, epochs=epochs, verbose=0, callbacks=list(callbacks), **options)


def optimizers() -> dict[str, Any]:
    import keras

    return {
        "momentum": keras.optimizers.SGD(0.05, momentum=0.9),
        "adam": keras.optimizers.Adam(0.01),
        "adamw": keras.optimizers.AdamW(0.01, weight_decay=0.1),
        "averaged": keras.optimizers.Adam(0.01, use_ema=True, ema_momentum=0.9),
    }


@pytest.mark.parametrize("optimizer", ["momentum", "adam", "adamw", "averaged"])
def test_masks_hold_exactly_through_fit(model: Any, data: Dataset, optimizer: str) -> None:
    model.compile(optimizers()[optimizer], LOSS, jit_compile=False)
    pruner = callback()
    fit(model, data, pruner)
    assert zeros(model) == FINAL
    for name in SIZES:
        assert np.array_equal(kernel(model, name) != 0, pruner.masks[f"{name}/kernel"])


def test_sparsity_rises_from_begin_to_end(model: Any, data: Dataset) -> None:
    import keras

    model.compile("adam", LOSS, jit_compile=False)
    seen: list[int] = []
    pruner = callback(sparsity=0.5, begin=1, end=4)
    watch = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(zeros(model)["head"]))
    fit(model, data, pruner, watch, epochs=6)
    ramp = [1 - (1 - step / 4) ** 3 for step in (1, 2, 3, 4)]
    assert seen == [0, *(round(0.5 * share * 384) for share in ramp), 192]


def test_training_saved_and_taken_up_elsewhere_ends_with_the_same_masks(
    model: Any, data: Dataset, tmp_path: Path
) -> None:
    import keras

    model.compile("adam", LOSS, jit_compile=False)
    half = keras.models.clone_model(model)
    half.set_weights(model.get_weights())
    half.compile("adam", LOSS, jit_compile=False)
    fit(model, data, callback(end=3), epochs=4, shuffle=False)
    fit(half, data, callback(end=3), epochs=2, shuffle=False)
    half.save(tmp_path / "half.keras")
    resumed = keras.saving.load_model(tmp_path / "half.keras")
    assert zeros(resumed) == zeros(half)
    fit(resumed, data, callback(end=3), epochs=4, initial_epoch=2, shuffle=False)
    for name in SIZES:
        assert np.array_equal(kernel(resumed, name) == 0, kernel(model, name) == 0)
        assert np.allclose(kernel(resumed, name), kernel(model, name), atol=1e-5)


def test_a_train_step_of_ones_own(model: Any, data: Dataset) -> None:
    import keras
    import tensorflow as tf

    class Own(keras.Model):
        def train_step(self, batch: Any) -> Any:
            x, y = batch
            with tf.GradientTape() as tape:
                loss = self.compute_loss(x=x, y=y, y_pred=self(x, training=True))
            self.optimizer.apply_gradients(
                zip(tape.gradient(loss, self.trainable_weights), self.trainable_weights, strict=True)
            )
            return {"loss": loss}

    own = Own(model.inputs, model.outputs)
    own.compile(keras.optimizers.SGD(0.05, momentum=0.9), LOSS, jit_compile=False)
    fit(own, data, callback())
    assert zeros(own) == FINAL


def test_a_loop_without_fit(model: Any, data: Dataset) -> None:
    model.compile("adam", LOSS, jit_compile=False)
    pruner = callback()
    pruner.set_model(model)
    for epoch in range(4):
        pruner.on_epoch_begin(epoch)
        for batch in range(4):
            model.train_on_batch(data.x_train[batch::4], data.y_train[batch::4])
            pruner.on_train_batch_end(batch)
    assert zeros(model) == FINAL


@pytest.fixture
def half_precision() -> Iterator[None]:
    import keras

    keras.mixed_precision.set_global_policy("mixed_float16")
    yield
    keras.mixed_precision.set_global_policy("float32")


@pytest.mark.usefixtures("half_precision")
def test_mixed_precision(data: Dataset) -> None:
    import keras

    parts = [keras.layers.Conv2D(6, 3, name="conv", padding="same"), keras.layers.Flatten()]
    model = keras.Sequential([keras.Input((4, 4, 1)), *parts, keras.layers.Dense(4, "softmax", name="head")])
    model.compile("adam", LOSS, jit_compile=False)
    fit(model, data, callback())
    assert kernel(model, "conv").dtype == np.float32
    assert zeros(model) == FINAL


def test_what_it_refuses(model: Any, data: Dataset) -> None:
    model.compile("adam", LOSS, jit_compile=False)
    with pytest.raises(TinypruneError, match="cannot go from epoch 3 to epoch 2"):
        callback(begin=3)
    with pytest.raises(TinypruneError, match=r"(?s)no data to judge by.*call prune"):
        fit(model, data, callback(criterion="taylor"))
    with pytest.raises(TinypruneError, match=r"sparsity 1\.5 is not in \[0, 1\)"):
        fit(model, data, callback(sparsity=1.5))
