"""A pipeline's stages, one after the other: what each leaves, and each mistake named before anything is trained."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

import tinyprune
from tinyprune.cli import app
from tinyprune.compression import check_stages
from tinyprune.errors import TinypruneError
from tinyprune.frontend.dataset import Dataset, load_dataset

FILE = """
model = "tiny.keras"
data = "data.npz"
[pipeline.distill]
teacher = "large.keras"
epochs = 2
[pipeline.structured]
sparsity = 0.5
epochs = 4
distillation = 0.5
[pipeline.unstructured]
granularity = "n_m:2:4"
exclude = ["head"]
epochs = 4
[pipeline.fine_tune]
epochs = 1
"""
ORDER = ["distill", "structured", "unstructured", "fine_tune"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    import keras

    keras.utils.set_random_seed(1)
    random = np.random.default_rng(0)
    labels = np.arange(96) % 3
    x = (random.normal(size=(96, 6, 6, 4)) + 2 * np.eye(4)[labels][:, None, None]).astype(np.float32)
    np.savez(tmp_path / "data.npz", x_train=x, y_train=labels, x_test=x, y_test=labels)
    for name, width in (("tiny", 8), ("large", 16)):
        head = keras.layers.Dense(3, activation="softmax", name="head")
        parts = [keras.layers.Conv2D(width, 3, name="conv"), keras.layers.GlobalAveragePooling2D(), head]
        keras.Sequential([keras.Input((6, 6, 4)), *parts], name=name).save(tmp_path / f"{name}.keras")
    (tmp_path / "tinyprune.toml").write_text(FILE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["prune", *arguments], catch_exceptions=False)


@pytest.mark.keras
def test_the_project_file_runs_all_stages(folder: Path) -> None:
    import keras

    from tinyprune.frontend import tflite_import

    result = run("--json", "-o", "out/small.keras")
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert [row["stage"] for row in document["stages"]] == ORDER
    assert [row["parameters"] for row in document["stages"]] == [323, 163, 163, 163]
    kernel = np.asarray(keras.saving.load_model(folder / "out/small.keras").get_layer("conv").kernel)
    assert kernel.shape[-1] == 4
    runs = np.moveaxis(kernel, -1, 0).reshape(-1, 4)
    assert ((runs != 0).sum(axis=1) == 2).all(), "fine-tuning keeps the zeros"
    assert tflite_import.load(folder / "out/small.tflite").layers
    assert 0 <= document["accuracy"] <= 1 and document["tflite_bytes"] == (folder / "out/small.tflite").stat().st_size
    assert "accuracy of the int8 model" in run().stdout


@pytest.mark.keras
def test_in_python_the_same_call_gives_the_same_bytes(folder: Path) -> None:
    import keras

    model, data = keras.saving.load_model("tiny.keras"), load_dataset("data.npz")
    stages: dict[str, Any] = {
        "train": {"epochs": 12, "learning_rate": 0.02},
        "unstructured": {"sparsity": 0.5, "epochs": 4},
    }
    before = model.get_weights()
    first, second = (tinyprune.compress(model, data, stages) for _ in range(2))
    assert first.tflite == second.tflite
    assert [row["stage"] for row in first.history] == ["train", "unstructured"]
    assert first.history[0]["accuracy"] > 0.8 and first.accuracy > 0.8
    assert first.history[1]["zeros"] == pytest.approx((144 + 12) / 323)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


@pytest.mark.keras
def test_the_teacher_outweighs_wrong_labels(folder: Path) -> None:
    import keras

    data = load_dataset("data.npz")
    teacher = tinyprune.compress(
        keras.saving.load_model("large.keras"), data, {"train": {"epochs": 15, "learning_rate": 0.02}}
    )
    assert teacher.history[0]["accuracy"] > 0.9
    wrong = Dataset(data.x_train, (data.y_train + 1) % 3, data.x_test, data.y_test)
    distill = {"teacher": teacher.model, "epochs": 20, "learning_rate": 0.02, "distillation": 1.0}
    taught = tinyprune.compress(keras.saving.load_model("tiny.keras"), wrong, {"distill": distill})
    assert taught.history[0]["accuracy"] > 0.8


@pytest.mark.keras
def test_a_missing_teacher_is_named_before_anything_is_trained(folder: Path) -> None:
    import keras

    said: list[str] = []
    model, data = keras.saving.load_model("tiny.keras"), load_dataset("data.npz")
    stages = {"train": {"epochs": 1}, "distill": {"teacher": "none.keras", "epochs": 1}}
    with pytest.raises(TinypruneError, match=r"'none\.keras' does not exist"):
        tinyprune.compress(model, data, stages, say=lambda text, **_: said.append(text))
    assert said == []


@pytest.mark.keras
def test_a_teacher_of_other_outputs(folder: Path) -> None:
    import keras

    model, data = keras.saving.load_model("tiny.keras"), load_dataset("data.npz")
    other = keras.Sequential([keras.Input((6, 6, 4)), keras.layers.Flatten(), keras.layers.Dense(3)])
    with pytest.raises(TinypruneError, match="the teacher answers"):
        tinyprune.compress(model, data, {"distill": {"teacher": other, "epochs": 1}})


@pytest.mark.parametrize(
    ("stages", "message"),
    [
        ({}, "no stages"),
        ({"prune": {}}, "unknown stage 'prune'"),
        ({"train": {"epochs": 1, "sparsity": 0.5}}, "unknown option of stage 'train' 'sparsity'"),
        ({"train": {}}, "stage 'train' has no epochs"),
        ({"distill": {"epochs": 1}}, "no teacher"),
        ({"structured": {"granularity": "element"}}, "granularity 'element' is not structured"),
        ({"unstructured": {"granularity": "channel"}}, "granularity 'channel' is not unstructured"),
        ({"unstructured": {}}, "no sparsity given"),
        ({"train": {"epochs": 1}, "unstructured": {"sparsity": 1.5}}, "sparsity 1.5 is not in"),
        ({"train": {"epochs": 1}, "structured": {"sparsity": 0.5, "criterion": "tailor"}}, "did you mean taylor"),
        ({"unstructured": {"sparsity": 0.5, "epochs": 1}}, "1 epochs are too few"),
        ({"unstructured": {"sparsity": 0.5, "min_density": 2}}, "min_density 2 is not in"),
        ({"train": {"epochs": -1}}, "-1 epochs"),
        ({"fine_tune": {"epochs": 1, "learning_rate": 0.0}}, "learning rate 0.0 is not above 0"),
        ({"fine_tune": {"epochs": 1, "distillation": 1.5}}, "distillation 1.5 is not in"),
    ],
)
def test_mistakes(stages: dict[str, Any], message: str) -> None:
    with pytest.raises(TinypruneError, match=message):
        check_stages(stages)


@pytest.mark.keras
def test_options_beside_a_pipeline(folder: Path) -> None:
    for arguments, message in (
        (("--sparsity", "0.5"), "--sparsity is for none of them"),
        (("--plot",), "--plot draws one pruning"),
    ):
        result = run(*arguments)
        assert result.exit_code == 2 and message in result.stderr
    (folder / "tinyprune.toml").write_text(FILE + "[prune]\nsparsity = 0.5\n")
    assert "the table [prune] is for none of them" in run().stderr
    (folder / "tinyprune.toml").write_text(FILE.replace("epochs = 1", 'epochs = "many"'))
    assert "epochs is 'many'" in run().stderr
