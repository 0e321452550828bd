"""Fine-tuning with a teacher moves the student to what the teacher answers, whatever the labels say."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tinyprune.errors import TinypruneError
from tinyprune.frontend.dataset import Dataset
from tinyprune.pruning import prune

pytestmark = pytest.mark.keras


@pytest.fixture
def trained(model: Any, data: Dataset) -> Any:
    model.compile("adam", "sparse_categorical_crossentropy", jit_compile=False)
    model.optimizer.learning_rate = 0.01
    model.fit(data.x_train, data.y_train, epochs=10, verbose=0)
    return model


def test_the_teacher_outweighs_wrong_labels(trained: Any, data: Dataset) -> None:
    wrong = replace(data, y_train=(data.y_train + 1) % 4)
    options: dict[str, Any] = {"sparsity": 0.5, "epochs": 20, "schedule": "one_shot", "learning_rate": 0.01}
    alone = prune(trained, wrong, **options)[1]
    taught, result = prune(trained, wrong, distillation=1.0, **options)
    assert alone.accuracy_after < 0.3 < 0.9 < result.accuracy_after
    assert not taught.compiled
    assert np.array_equal(np.asarray(taught.get_layer("head").kernel) != 0, result.masks["head/kernel"])
    assert trained.get_layer("head").trainable


def test_a_regression_is_taught_its_teachers_values(data: Dataset) -> None:
    import keras

    keras.utils.set_random_seed(2)
    parts = [keras.layers.Flatten(), keras.layers.Dense(16, "relu"), keras.layers.Dense(2)]
    teacher = keras.Sequential([keras.Input((4, 4, 1)), *parts])
    answers = teacher.predict(data.x_train, verbose=0)
    noise = replace(data, y_train=np.zeros_like(answers), y_test=None)
    options: dict[str, Any] = {"sparsity": 0.3, "epochs": 30, "schedule": "one_shot"}
    error = {
        share: np.square(prune(teacher, noise, distillation=share, **options)[0].predict(data.x_train) - answers).mean()
        for share in (0.0, 1.0)
    }
    assert error[1.0] < error[0.0] / 4


def test_a_share_out_of_range(model: Any, data: Dataset) -> None:
    with pytest.raises(TinypruneError, match=r"distillation 1.5 is not in \[0, 1\]"):
        prune(model, data, 0.5, distillation=1.5)
