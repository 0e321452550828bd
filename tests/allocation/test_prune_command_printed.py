"""The command that `tinyprune sensitivity` prints at the end prunes what the allocation says, as it stands."""

import json
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from tinyprune.cli import app

SPARSE = 0.5


@pytest.fixture
def tiny(tmp_path: Path) -> tuple[str, str]:
    """A model with a residual block, and its data, as files."""
    import keras

    keras.utils.set_random_seed(1)
    labels = np.arange(48) % 3
    x = np.random.default_rng(0).normal(size=(48, 8)).astype(np.float32)
    inputs = keras.Input((8,))
    branch = keras.layers.Dense(8, activation="relu", name="wide")(inputs)
    branch = keras.layers.Dense(8, name="back")(branch)
    outputs = keras.layers.Dense(3, name="answer")(keras.layers.Add()([inputs, branch]))
    model = keras.Model(inputs, outputs)
    model.save(tmp_path / "tiny.keras")
    np.savez(tmp_path / "my data.npz", x_train=x, y_train=labels)
    return str(tmp_path / "tiny.keras"), str(tmp_path / "my data.npz")


def allocated(tiny: tuple[str, str], *options: str) -> dict[str, Any]:
    command = ["sensitivity", tiny[0], "--data", tiny[1], "--json", *options]
    result = CliRunner().invoke(app, command, catch_exceptions=False)
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)["allocation"]


@pytest.mark.keras
@pytest.mark.parametrize("granularity", ["element", "block", "block_2x2", "2:4", "channel", "layer"])
def test_prunes_what_was_allocated(tiny: tuple[str, str], tmp_path: Path, granularity: str) -> None:
    levels = [] if granularity == "2:4" else ["--level", "0.75"]
    told = allocated(tiny, "--granularity", granularity, "--exclude", "answer", "--sparsity", str(SPARSE), *levels)
    program, *command = shlex.split(told["command"])
    command += ["--schedule", "one_shot", "-o", str(tmp_path / "small.keras"), "--json"]
    result = CliRunner().invoke(app, command, catch_exceptions=False)
    assert program == "tinyprune" and result.exit_code == 0, result.stderr
    pruned = json.loads(result.stdout)
    if granularity != "channel":  # whose layers lose inputs with the channels of others, too
        shares = {layer["name"]: layer["sparsity"] for layer in pruned["layers"] if layer["name"] in told["layers"]}
        assert shares == pytest.approx(told["layers"], abs=1e-3)
    assert sum(group["kept"] for group in pruned["groups"]) < sum(group["of"] for group in pruned["groups"])


@pytest.mark.keras
def test_none_where_nothing_has_to_go(tiny: tuple[str, str]) -> None:
    assert allocated(tiny, "--sparsity", "0", "--level", "0.5")["command"] is None


@pytest.mark.keras
@pytest.mark.parametrize("granularity", ["block", "block_2x2"])
def test_blocks_have_costs(tiny: tuple[str, str], granularity: str) -> None:
    options = ["--granularity", granularity, "--level", "0.75", "--sparsity", str(SPARSE), "--board", "stm32f4"]
    assert allocated(tiny, *options)["flash_bytes"] > 0
