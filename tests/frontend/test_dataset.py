"""What a data set may be, and that each mistake is named."""

import sys
from pathlib import Path

import numpy as np
import pytest

from tinyprune.errors import TinypruneError
from tinyprune.frontend.dataset import Dataset, load_dataset

X = np.arange(12, dtype=np.float64).reshape(6, 2)
Y = np.arange(6)


def saved(path: Path, **arrays: object) -> str:
    file = path / "data.npz"
    np.savez_compressed(file, **arrays)
    return str(file)


def test_npz_gives_float32_samples_and_labels_as_they_are(tmp_path: Path) -> None:
    data = load_dataset(saved(tmp_path, x_train=X, y_train=Y, x_test=X[:2].astype(np.float16), y_test=Y[:2]))
    assert data.x_train is not None and data.x_train.dtype == np.float32
    assert np.array_equal(data.x_train, X)
    assert data.x_test is not None and data.x_test.dtype == np.float32
    assert data.y_train is not None and data.y_train.dtype.kind == "i"
    assert np.array_equal(data.y_train, Y)


def test_any_key_may_be_missing(tmp_path: Path) -> None:
    data = load_dataset(saved(tmp_path, x_test=X))
    assert data.x_train is None and data.y_train is None and data.y_test is None
    assert np.array_equal(data.calibration(), X)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"x_trian": X}, "x_train"),
        ({"x_train": X, "y_train": Y[:5]}, "6 samples, y_train has 5"),
        ({"y_train": Y}, "no samples"),
        ({"x_train": X, "y_test": Y}, "y_test without x_test"),
        ({"x_train": np.array([["a"], ["b"]])}, "not numeric"),
        ({"x_train": X + 1j}, "not numeric"),
        ({"x_train": np.array([[1.0], [np.nan]])}, "NaN or infinite"),
        ({"x_train": np.array([[1.0], [np.inf]])}, "NaN or infinite"),
        ({"x_train": X, "y_train": np.where(Y == 2, np.nan, Y)}, "y_train .* NaN"),
        ({"x_train": X[:0]}, "empty"),
        ({"x_train": np.float32(3)}, "empty"),
        ({"x_train": X, "x_test": X[:, :1]}, r"\(2,\), of x_test \(1,\)"),
        ({"x_train": np.array([None, [1]], dtype=object)}, "pickle"),
    ],
)
def test_a_mistake_in_the_file_is_named(tmp_path: Path, arrays: dict[str, object], message: str) -> None:
    with pytest.raises(TinypruneError, match=message):
        load_dataset(saved(tmp_path, **arrays))


def test_missing_broken_and_misnamed_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(TinypruneError, match=r"nowhere\.npz.*does not exist"):
        load_dataset(str(tmp_path / "nowhere.npz"))
    broken = tmp_path / "broken.npz"
    broken.write_bytes(b"PK\x03\x04 not really")
    with pytest.raises(TinypruneError, match=r"broken\.npz.*cannot be read"):
        load_dataset(str(broken))
    single = tmp_path / "single.npz"
    with single.open("wb") as file:
        np.save(file, X)
    with pytest.raises(TinypruneError, match=r"single\.npz.*cannot be read"):
        load_dataset(str(single))
    with pytest.raises(TinypruneError, match=r"neither a \.npz file nor module:function"):
        load_dataset("data.csv")


SOURCE = """
import numpy as np
from tinyprune.frontend.dataset import Dataset

def mapping():
    return {"x_train": [[1, 2], [3, 4]], "y_train": np.array([0, 1]), "x_test": None}

def dataset():
    return Dataset(x_test=np.ones((3, 2)))

def number():
    return 3

def ragged():
    return {"x_train": [[1, 2], [3]]}

def fails():
    raise RuntimeError("no disk")
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    name = f"samples_{tmp_path.name.replace('-', '_')}"
    (tmp_path / f"{name}.py").write_text(SOURCE)
    monkeypatch.chdir(tmp_path)
    return name


def test_function_in_the_working_directory(module: str) -> None:
    path = list(sys.path)
    data = load_dataset(f"{module}:mapping")
    assert data.x_train is not None and data.x_train.dtype == np.float32
    assert np.array_equal(data.x_train, [[1, 2], [3, 4]])
    assert data.x_test is None
    from_dataset = load_dataset(f"{module}:dataset").x_test
    assert from_dataset is not None and from_dataset.dtype == np.float32
    assert sys.path == path


@pytest.mark.parametrize(
    ("function", "message"),
    [
        ("mappin", "did you mean mapping"),
        ("number", "returned int"),
        ("ragged", "x_train"),
        ("fails", "RuntimeError: no disk"),
    ],
)
def test_a_mistake_in_the_function_is_named(module: str, function: str, message: str) -> None:
    with pytest.raises(TinypruneError, match=message):
        load_dataset(f"{module}:{function}")


def test_a_missing_module_is_named(module: str) -> None:
    with pytest.raises(TinypruneError, match=f"importing 'no_{module}' failed"):
        load_dataset(f"no_{module}:mapping")


@pytest.mark.parametrize(("samples", "chosen"), [(3, 3), (200, 200), (201, 200), (399, 200), (1000, 200)])
def test_calibration_spreads_over_all_samples(samples: int, chosen: int) -> None:
    picked = Dataset(x_train=np.arange(samples, dtype=np.float32)).calibration()
    gaps = np.diff(np.append(picked, samples))
    assert len(picked) == chosen
    assert picked[0] == 0
    assert gaps.min() >= samples // chosen and gaps.max() <= -(-samples // chosen)


def test_calibration_prefers_training_samples_and_needs_some() -> None:
    train, test = np.zeros((2, 1), np.float32), np.ones((2, 1), np.float32)
    assert np.array_equal(Dataset(x_train=train, x_test=test).calibration(), train)
    with pytest.raises(TinypruneError, match="no samples"):
        Dataset().calibration()
