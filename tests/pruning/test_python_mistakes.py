"""What is easily given wrong in Python ends in one error that says what to give instead."""

from typing import Any

import numpy as np
import pytest

from tinyprune.errors import TinypruneError
from tinyprune.frontend.dataset import Dataset
from tinyprune.pruning import PruningCallback, prune

pytestmark = pytest.mark.keras


def unbuilt() -> Any:
    import keras

    return keras.Sequential([keras.layers.Dense(4), keras.layers.Dense(2)], name="late")


def test_a_model_without_weights_yet() -> None:
    with pytest.raises(TinypruneError, match=r"(?s)'late' is not built.*keras\.Input"):
        prune(unbuilt(), None, 0.5, schedule="one_shot")
    model = unbuilt()
    model.compile("sgd", "mse", jit_compile=False)
    with pytest.raises(TinypruneError, match="'late' is not built"):
        model.fit(np.zeros((4, 3)), np.zeros((4, 2)), verbose=0, callbacks=[PruningCallback(0.5, end=1)])


def test_a_file_name_for_a_model(data: Dataset) -> None:
    wrong: Any = "model.keras"
    with pytest.raises(TinypruneError, match=r"(?s)'model\.keras' is no Keras model.*load_model"):
        prune(wrong, data, 0.5)


@pytest.mark.parametrize("kind", [dict, tuple, str])
def test_data_of_another_type(model: Any, data: Dataset, kind: Any) -> None:
    wrong: Any = {dict: {"x_train": data.x_train}, tuple: (data.x_train, data.y_train), str: "data.npz"}[kind]
    with pytest.raises(TinypruneError, match=f"(?s)data of type {kind.__name__} has no .*x_train.*Dataset"):
        prune(model, wrong, 0.5)


def test_a_text_for_a_list_of_layers(model: Any) -> None:
    with pytest.raises(TinypruneError, match=r"(?s)exclude is 'first', not a list.*exclude=\['first'\]"):
        prune(model, None, 0.5, schedule="one_shot", exclude="first")


@pytest.mark.parametrize("floor", [{"min_density": 0.5}, {"round_to": 7}])
def test_floors_that_would_break_a_pattern(model: Any, floor: Any) -> None:
    options = {"granularity": "1:4", "schedule": "one_shot", "exclude": ["conv"]}
    with pytest.raises(TinypruneError, match=r"(?s)'1:4' fixes how many weights stay.*leave them out"):
        prune(model, None, **options, **floor)


def test_a_teacher_of_other_inputs(model: Any, data: Dataset) -> None:
    import keras

    other = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(4, "softmax")])
    with pytest.raises(TinypruneError, match=r"the teacher takes samples of \(8, 8, 1\)"):
        prune(model, data, 0.5, distillation=0.5, teacher=other)
