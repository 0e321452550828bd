"""`tinyprune prune` as a user types it."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from tinyprune.cli import app
from tinyprune.pruning.criteria import CRITERIA
from tinyprune.pruning.granularities import GRANULARITIES
from tinyprune.pruning.schedules import SCHEDULES
from tinyprune.pruning.scopes import SCOPES


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["prune", *arguments], catch_exceptions=False)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a small model, data for it, and a project file."""
    import keras

    keras.utils.set_random_seed(1)
    parts = [keras.layers.Conv2D(8, 3, name="conv"), keras.layers.Flatten(), keras.layers.Dense(3, name="head")]
    keras.Sequential([keras.Input((6, 6, 4)), *parts], name="tiny").save(tmp_path / "tiny.keras")
    x = np.random.default_rng(0).normal(size=(48, 6, 6, 4)).astype(np.float32)
    labels = np.arange(48) % 3
    np.savez(tmp_path / "data.npz", x_train=x, y_train=labels, x_test=x, y_test=labels)
    np.savez(tmp_path / "wrong.npz", x_train=x, y_train=labels + 1)
    np.savez(tmp_path / "few.npz", x_train=x, y_train=labels[1:])
    (tmp_path / "tinyprune.toml").write_text(
        'model = "tiny.keras"\ndata = "data.npz"\nsparsity = 0.5\n[prune]\nschedule = "one_shot"\nexclude = ["last"]\n'
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path


def kernel(path: Path, layer: str) -> Any:
    import keras

    return np.asarray(keras.saving.load_model(path).get_layer(layer).kernel)


@pytest.mark.keras
def test_options_reach_the_model(folder: Path) -> None:
    options = ["--granularity", "n_m:1:4", "--criterion", "taylor", "--schedule", "polynomial", "--epochs", "2"]
    result = run("tiny.keras", "--data", "data.npz", *options, "-o", "out/small.keras", "--plot", "--json")
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert [layer["sparsity"] for layer in document["layers"]] == [0.75, 0.75]
    assert [row["epochs"] for row in document["history"]] == [2]
    assert document["options"] == {
        "granularity": "n_m:1:4",
        "criterion": "taylor",
        "schedule": "polynomial",
        "epochs": 2,
    }
    assert document["accuracy_after"] is not None
    runs = np.moveaxis(kernel(folder / "out/small.keras", "conv"), -1, 0).reshape(-1, 4)
    assert ((runs != 0).sum(axis=1) == 1).all()
    assert {file.name for file in (folder / "out").iterdir()} == {"small.keras", "small.png"}
    assert (folder / "out/small.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.keras
def test_the_project_file_has_the_same_keys(folder: Path) -> None:
    result = run()
    assert result.exit_code == 0, result.output
    assert "50.0% of the kernel removed" in result.stdout and "accuracy of the float model" in result.stdout
    out = folder / "build/tiny-pruned.keras"
    assert (kernel(out, "conv") == 0).mean() == 0.5 and kernel(out, "head").all()
    assert run("--sparsity", "0.25", "--exclude", "first", "--seed", "3").exit_code == 0
    assert kernel(out, "conv").all() and (kernel(out, "head") == 0).mean() == 0.25


@pytest.mark.keras
def test_layers_by_pattern_and_channels(folder: Path) -> None:
    options = ["--sparsity", "0", "--scope", "per_layer", "--layer", "co*=0.5", "--granularity", "channel"]
    result = run("tiny.keras", "--schedule", "one_shot", *options, "-o", "few.keras", "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["groups"] == [{"name": "conv", "kept": 4, "of": 8}]
    assert kernel(folder / "few.keras", "conv").shape == (3, 3, 4, 4)


@pytest.mark.keras
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--sparsity", "1.0"], "sparsity 1.0 is not in [0, 1)"),
        (["--sparsity", "0.5", "--criterion", "taylor", "--schedule", "one_shot"], "needs labelled training data"),
        (["--sparsity", "0.5", "--data", "wrong.npz"], "labels go from 1 to 3, but the model has 3 outputs"),
        (
            ["--granularity", "n_m:4:8", "--schedule", "one_shot"],
            "layer 'conv' has 36 weights an output channel, which",
        ),
        (["--sparsity", "0.5", "--data", "few.npz"], "x_train has 48 samples, y_train has 47"),
        (
            ["--sparsity", "0.5", "--granularity", "head", "--schedule", "one_shot"],
            "help: it prunes heads of MultiHeadAttention that",
        ),
        (["--sparsity", "0.5", "--criterion", "magnitud"], "unknown criterion 'magnitud'"),
        (["--sparsity", "0.5", "--layer", "conv"], "--layer conv is not NAME=SPARSITY"),
        (["--sparsity", "0.5", "-o", "out.h5"], "must end in .keras"),
        (["--sparsity", "0.5", "--learning-rate", "nan"], "learning rate nan is not above 0"),
        (["--sparsity", "0.5", "--learning-rate", "0"], "learning rate 0.0 is not above 0"),
        (["--sparsity", "0.5", "--seed", "-1"], "seed -1 is not in [0, 4294967295]"),
        (["--sparsity", "0.5", "--min-density", "2"], "min_density 2.0 is not in [0, 1]"),
        (["--sparsity", "0.5", "--min-channels", "0"], "min_channels 0 is below 1"),
        (["--sparsity", "0.5", "--schedule", "polynomial:slow"], "give 'polynomial' alone"),
        ([], "no sparsity given"),
    ],
)
def test_mistakes_are_named_and_nothing_is_written(folder: Path, options: list[str], message: str) -> None:
    before = sorted(folder.rglob("*"))
    result = run("tiny.keras", *options)
    assert result.exit_code == 2
    assert message in result.stderr and "help:" in result.stderr
    assert sorted(folder.rglob("*")) == before


@pytest.mark.keras
def test_a_subclassed_model_in_a_file_is_refused(folder: Path) -> None:
    import keras

    @keras.saving.register_keras_serializable()
    class Own(keras.Model):
        def __init__(self, **options: Any) -> None:
            super().__init__(**options)
            self.dense = keras.layers.Dense(3)

        def call(self, inputs: Any) -> Any:
            return self.dense(inputs)

    model = Own(name="own")
    model(np.zeros((1, 4), np.float32))
    model.save(folder / "own.keras")
    result = run("own.keras", "--sparsity", "0.5", "--granularity", "channel", "--schedule", "one_shot")
    assert result.exit_code == 2
    assert "model 'own' is subclassed" in result.stderr and "write it as a functional model" in result.stderr


@pytest.mark.keras
def test_files_that_cannot_be_written(folder: Path) -> None:
    options = ["tiny.keras", "--sparsity", "0.5", "--schedule", "one_shot"]
    (folder / "taken.keras").mkdir()
    for output in ("data.npz/small.keras", "taken.keras"):
        result = run(*options, "-o", output)
        assert result.exit_code == 2 and f"cannot write {output}" in result.stderr
    trained = [*options, "--data", "data.npz", "--epochs", "1", "--checkpoint", "data.npz/state.npz"]
    result = run(*trained)
    assert result.exit_code == 2 and "cannot write the checkpoint" in result.stderr and "help:" in result.stderr


def test_wrong_keys_of_the_project_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tinyprune.toml").write_text('model = "x.keras"\n[prune]\ncriterium = "magnitude"\n')
    result = run()
    assert result.exit_code == 2 and "unknown key in tinyprune.toml, [prune] 'criterium'" in result.stderr
    assert "did you mean criterion" in result.stderr
    (tmp_path / "tinyprune.toml").write_text('model = "x.keras"\n[prune]\nepochs = "many"\n')
    for line, kind in (
        ('epochs = "many"', "a whole number"),
        ("sparsity = true", "a number"),
        ("exclude = [1]", "a list of texts"),
        ('exclude = "first"', "a list of texts"),
        ('layers = {conv = "half"}', "a table of numbers"),
    ):
        (tmp_path / "tinyprune.toml").write_text(f'model = "x.keras"\n[prune]\n{line}\n')
        result = run()
        assert result.exit_code == 2 and f"help: it must be {kind}" in result.stderr
    (tmp_path / "tinyprune.toml").write_text('model = "x.keras"\n[pipeline]\n')
    assert "has a [pipeline] without stages" in run().stderr


def test_project_keys_are_the_arguments_of_prune() -> None:
    import inspect

    from tinyprune.project import PRUNE_KEYS
    from tinyprune.pruning import prune

    assert set(PRUNE_KEYS) == set(inspect.signature(prune).parameters) - {"model", "data", "progress", "teacher"}


def test_list_shows_every_row() -> None:
    registries = {"criterion": CRITERIA, "granularity": GRANULARITIES, "scope": SCOPES, "schedule": SCHEDULES}
    document = json.loads(run("--list", "--json").stdout)
    assert {kind: list(rows) for kind, rows in document.items()} == {k: list(rows) for k, rows in registries.items()}
    text = run("--list").stdout
    assert all(f"  {name} " in text and line in text for rows in document.values() for name, line in rows.items())
