"""The loss and the accuracy that follow from a model's output and its labels."""

from typing import Any

import numpy as np
import pytest

from tinyprune.pruning.tasks import Task, accuracy, loss_for, output_activation, task_of

pytestmark = pytest.mark.keras

CLASSES = np.array([2, 0, 1])
ONE_HOT = np.eye(3)[CLASSES]


def ending_in(units: int, activation: str | None) -> Any:
    import keras

    return keras.Sequential([keras.Input((5,)), keras.layers.Dense(units, activation=activation)])


@pytest.mark.parametrize(
    ("units", "activation", "labels", "task", "loss", "from_logits"),
    [
        (3, "softmax", CLASSES, "classes", "SparseCategoricalCrossentropy", False),
        (3, None, CLASSES, "classes", "SparseCategoricalCrossentropy", True),
        (3, None, CLASSES[:, None].astype(np.uint8), "classes", "SparseCategoricalCrossentropy", True),
        (3, "softmax", ONE_HOT, "one-hot", "CategoricalCrossentropy", False),
        (3, None, ONE_HOT.astype(int), "one-hot", "CategoricalCrossentropy", True),
        (1, "sigmoid", np.array([0, 1, 1]), "binary", "BinaryCrossentropy", False),
        (3, "sigmoid", np.array([[0, 1, 1], [0, 0, 0]]), "binary", "BinaryCrossentropy", False),
        (3, None, np.array([[0.5, 1, -2]]), "regression", "MeanSquaredError", None),
        (1, None, np.array([0.5, 1, -2]), "regression", "MeanSquaredError", None),
        (1, None, np.array([[1.0], [1.0]]), "regression", "MeanSquaredError", None),
    ],
)
def test_task_and_loss(
    units: int, activation: str | None, labels: Any, task: Task, loss: str, from_logits: bool | None
) -> None:
    model = ending_in(units, activation)
    assert task_of(model, labels) == task
    chosen = loss_for(model, task)
    assert type(chosen).__name__ == loss
    assert chosen.get_config().get("from_logits") == from_logits


def test_softmax_is_found_as_a_layer_an_activation_and_nested() -> None:
    import keras

    layers = keras.layers
    assert output_activation(keras.Sequential([ending_in(3, None), layers.Softmax()])) == "softmax"
    assert output_activation(keras.Sequential([ending_in(3, None), layers.Activation("softmax")])) == "softmax"
    assert output_activation(keras.Sequential([keras.Input((5,)), ending_in(3, "softmax")])) == "softmax"
    assert output_activation(keras.Sequential([keras.Input((4, 4, 1)), layers.Flatten()])) == ""


def test_accuracy() -> None:
    outputs = np.array([[0.1, 0.2, 0.7], [0.8, 0.1, 0.1], [0.6, 0.3, 0.1]])
    assert accuracy("classes", outputs, CLASSES) == pytest.approx(2 / 3)
    assert accuracy("classes", outputs, CLASSES[:, None]) == pytest.approx(2 / 3)
    assert accuracy("one-hot", outputs, ONE_HOT) == pytest.approx(2 / 3)
    assert accuracy("binary", np.array([[0.9], [0.2], [0.6], [0.1]]), np.array([1, 0, 0, 0])) == 0.75
    assert accuracy("regression", outputs, ONE_HOT) is None
