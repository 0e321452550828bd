"""A run that is killed goes on as if nothing had happened, and a foreign checkpoint is refused."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tinyprune.errors import TinypruneError
from tinyprune.frontend.dataset import Dataset
from tinyprune.pruning import PruningResult, prune

pytestmark = pytest.mark.keras

OPTIONS = {"sparsity": 0.75, "epochs": 8, "criterion": "taylor"}


class Interrupted(Exception):
    pass


def killed_after(epochs: int) -> Any:
    calls: list[str] = []

    def progress(text: str, share: float) -> None:
        calls.append(text)
        if len(calls) == epochs:
            raise Interrupted

    return progress


def assert_same(one: tuple[Any, PruningResult], other: tuple[Any, PruningResult]) -> None:
    (model_a, a), (model_b, b) = one, other
    assert a.masks.keys() == b.masks.keys()
    assert all(np.array_equal(a.masks[name], b.masks[name]) for name in a.masks)
    assert all(np.array_equal(x, y) for x, y in zip(model_a.get_weights(), model_b.get_weights(), strict=True))
    assert a.history == b.history
    assert (a.accuracy_before, a.accuracy_after) == (b.accuracy_before, b.accuracy_after)


@pytest.fixture
def with_dropout(model: Any) -> Any:
    """Dropout draws random numbers and batch normalization gathers statistics: both must go on where they were."""
    import keras

    layers = keras.layers
    keras.utils.set_random_seed(4)
    parts = [layers.BatchNormalization(name="bn"), layers.Dropout(0.2, seed=5), *model.layers[2:]]
    return keras.Sequential([keras.Input((4, 4, 1)), model.get_layer("conv"), model.get_layer("depthwise"), *parts])


@pytest.mark.parametrize(("schedule", "epochs"), [("iterative", 3), ("polynomial", 8), ("lottery_ticket:early", 1)])
def test_interrupted_after_an_epoch(
    with_dropout: Any, data: Dataset, tmp_path: Path, schedule: str, epochs: int
) -> None:
    options = {**OPTIONS, "schedule": schedule, "data": data}
    file = tmp_path / "state.npz"
    with pytest.raises(Interrupted):
        prune(with_dropout, checkpoint=file, progress=killed_after(epochs), **options)
    told: list[float] = []
    resumed = prune(with_dropout, checkpoint=file, progress=lambda _, share: told.append(share), **options)
    assert_same(prune(with_dropout, **options), resumed)
    assert len(told) == 8 - epochs


SCRIPT = """
import os, signal, sys
sys.path[:0] = [{tests!r}]
import conftest
from tinyprune.frontend.dataset import Dataset
from tinyprune.pruning import prune
import keras

def die(text, share):
    if share >= 0.5:
        os.kill(os.getpid(), signal.SIGKILL)

model = keras.saving.load_model({model!r})
data = Dataset(*conftest.corners(128, 1), *conftest.corners(64, 2))
prune(model, data, 0.75, epochs=8, criterion="taylor", checkpoint={file!r}, progress=die)
"""


def test_a_killed_process(model: Any, data: Dataset, tmp_path: Path) -> None:
    saved, file = tmp_path / "model.keras", tmp_path / "state.npz"
    model.save(saved)
    script = SCRIPT.format(tests=str(Path(__file__).parent), model=str(saved), file=str(file))
    done = subprocess.run([sys.executable, "-c", script], env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}, check=False)
    assert done.returncode == -signal.SIGKILL
    assert [path.name for path in tmp_path.glob("state*")] == ["state.npz"]
    assert_same(prune(model, data, **OPTIONS), prune(model, data, checkpoint=file, **OPTIONS))


def test_a_checkpoint_of_another_call_is_refused(model: Any, data: Dataset, tmp_path: Path) -> None:
    file = tmp_path / "state.npz"
    prune(model, data, checkpoint=file, **OPTIONS)
    with pytest.raises(TinypruneError, match="of another call: plan, seed differ"):
        prune(model, data, checkpoint=file, seed=1, **{**OPTIONS, "sparsity": 0.5})
    other = Dataset(data.x_train + 1, data.y_train)
    with pytest.raises(TinypruneError, match="of another call: training data differ"):
        prune(model, other, checkpoint=file, **OPTIONS)
    file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(TinypruneError, match="is not a checkpoint"):
        prune(model, data, checkpoint=file, **OPTIONS)


def test_rewinding_goes_back_to_the_weights_given(model: Any, data: Dataset) -> None:
    """The last training would have to move the weights; at a rate that cannot, they are those that came."""
    from tinyprune.pruning.fine_tuning import FineTuning
    from tinyprune.pruning.schedules import Step

    tuning = FineTuning(model, data, trains=True, rate=1e-2, seed=0)
    given = tuning.weights()["head/kernel"]
    losses: list[float] = []
    tuning.train(Step(0.0, 1), 0, 0, losses.append)
    moved = tuning.weights()["head/kernel"]
    mask = np.arange(given.size).reshape(given.shape) % 2 == 0
    tuning.mask({"head/kernel": mask}, rewind=True)
    assert not np.allclose(moved, given)
    assert np.array_equal(tuning.weights()["head/kernel"], np.where(mask, given, 0))
    tuning.train(Step(0.0, 1), 0, 0, losses.append)
    tuning.drop_anchor()
    early = tuning.weights()["head/kernel"]
    tuning.train(Step(0.0, 1), 0, 1, losses.append)
    tuning.mask({"head/kernel": mask}, rewind=True)
    assert np.array_equal(tuning.weights()["head/kernel"], early)
