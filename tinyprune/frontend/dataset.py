"""Training and test samples, from an `.npz` file or a Python function."""

import importlib
import sys
import zipfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from tinyprune.errors import TinypruneError, unknown_name

Array = NDArray[Any]

KEYS = ("x_train", "y_train", "x_test", "y_test")
CALIBRATION_SAMPLES = 200


@dataclass(frozen=True, eq=False)
class Dataset:
    """Samples `x` (float32, n first, scaled as the model expects them) and labels `y` (integers or floats, n first).

    Any of the four may be None, but labels come with their samples. `load_dataset` checks all of that.
    """

    x_train: NDArray[np.float32] | None = None
    y_train: Array | None = None
    x_test: NDArray[np.float32] | None = None
    y_test: Array | None = None

    def calibration(self, limit: int = CALIBRATION_SAMPLES) -> NDArray[np.float32]:
        """At most `limit` samples, float32 (n, ...), spread evenly over x_train (without one, over x_test).

        Evenly, because data sets are often sorted by class. Raises TinypruneError if there is neither.
        """
        samples = self.x_train if self.x_train is not None else self.x_test
        if samples is None:
            raise TinypruneError("the data has no samples to calibrate with", remedy="add x_train or x_test")
        chosen = np.arange(min(limit, len(samples))) * len(samples) // min(limit, len(samples))
        return samples[chosen]


def load_dataset(spec: str) -> Dataset:
    """The data set that `spec` names: a path to an `.npz` file, or `module:function`.

    The keys of the file, or of the mapping that the function returns, are x_train, y_train, x_test and y_test, and any
    may be missing. The module is looked up in the working directory too. Raises TinypruneError for whatever is wrong.
    """
    if spec.endswith(".npz"):
        return _checked(_read_npz(Path(spec)), spec)
    module, colon, function = spec.partition(":")
    if not (colon and module and function):
        raise TinypruneError(
            f"data '{spec}' is neither a .npz file nor module:function",
            remedy=f"save arrays with numpy.savez_compressed('data.npz', ...); keys: {', '.join(KEYS)}",
        )
    return _checked(_call(module, function, spec), spec)


def _read_npz(path: Path) -> Mapping[str, object]:
    if not path.is_file():
        raise TinypruneError(f"data file '{path}' does not exist", remedy=f"working directory: {Path.cwd()}")
    try:
        archive: Any = np.load(path, allow_pickle=False)
        if isinstance(archive, np.ndarray):
            raise ValueError("it holds one array without a name")
        with archive:
            return dict(archive)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise TinypruneError(
            f"data file '{path}' cannot be read: {error}",
            remedy="make it with numpy.savez_compressed from numeric arrays (objects would need pickle)",
        ) from error


def _call(module: str, function: str, spec: str) -> Mapping[str, object]:
    with _working_directory_importable():
        try:
            namespace = vars(importlib.import_module(module))
        except Exception as error:  # whatever the user's module raises while it is imported
            raise TinypruneError(
                f"data '{spec}': importing '{module}' failed: {type(error).__name__}: {error}",
                remedy=f"it must be importable from {Path.cwd()} or be installed",
            ) from error
        if not callable(namespace.get(function)):
            known = [name for name, value in namespace.items() if callable(value) and not name.startswith("_")]
            raise unknown_name(f"function in '{module}'", function, known)
        try:
            returned: object = namespace[function]()
        except Exception as error:  # likewise, while it runs
            raise TinypruneError(f"data '{spec}' failed: {type(error).__name__}: {error}") from error
    return _as_mapping(returned, spec)


def _as_mapping(returned: object, spec: str) -> Mapping[str, object]:
    if isinstance(returned, Dataset):
        return {key: getattr(returned, key) for key in KEYS}
    if isinstance(returned, Mapping):
        return cast("Mapping[str, object]", returned)
    raise TinypruneError(
        f"data '{spec}' returned {type(returned).__name__}",
        remedy=f"return a dict with any of {', '.join(KEYS)}, or a tinyprune Dataset",
    )


@contextmanager
def _working_directory_importable() -> Generator[None]:
    directory = str(Path.cwd())
    sys.path.insert(0, directory)
    try:
        yield
    finally:
        sys.path.remove(directory)


def _checked(raw: Mapping[str, object], spec: str) -> Dataset:
    for key in raw:
        if key not in KEYS:
            raise unknown_name(f"key in data '{spec}'", str(key), KEYS)
    arrays = {key: _checked_array(value, f"{key} of data '{spec}'") for key, value in raw.items() if value is not None}
    if "x_train" not in arrays and "x_test" not in arrays:
        raise TinypruneError(f"data '{spec}' has no samples", remedy="add x_train or x_test (n first)")
    for part in ("train", "test"):
        _check_pair(arrays.get(f"x_{part}"), arrays.get(f"y_{part}"), part, spec)
    _check_same_sample_shape(arrays, spec)
    return Dataset(
        x_train=_samples(arrays, "x_train"),
        y_train=arrays.get("y_train"),
        x_test=_samples(arrays, "x_test"),
        y_test=arrays.get("y_test"),
    )


def _checked_array(value: object, name: str) -> Array:
    try:
        array = np.asarray(value)
    except ValueError as error:  # ragged nested lists
        raise TinypruneError(f"{name} is not an array: {error}") from error
    if array.dtype.kind not in "biuf":
        raise TinypruneError(f"{name} is not numeric (dtype {array.dtype})", remedy="store integers or floats")
    if array.ndim == 0 or len(array) == 0:
        raise TinypruneError(f"{name} is empty (shape {array.shape})", remedy="the first axis counts the samples")
    if not np.isfinite(array).all():
        raise TinypruneError(f"{name} has NaN or infinite values", remedy="clean the data first")
    return array


def _samples(arrays: Mapping[str, Array], key: str) -> NDArray[np.float32] | None:
    return arrays[key].astype(np.float32) if key in arrays else None


def _check_pair(x: Array | None, y: Array | None, part: str, spec: str) -> None:
    if y is None:
        return
    if x is None:
        raise TinypruneError(f"data '{spec}' has y_{part} without x_{part}", remedy=f"add x_{part}")
    if len(x) != len(y):
        raise TinypruneError(
            f"data '{spec}': x_{part} has {len(x)} samples, y_{part} has {len(y)}",
            remedy="the first axis of both counts the samples",
        )


def _check_same_sample_shape(arrays: Mapping[str, Array], spec: str) -> None:
    shapes = {key: arrays[key].shape[1:] for key in ("x_train", "x_test") if key in arrays}
    if len(set(shapes.values())) > 1:
        raise TinypruneError(f"data '{spec}': samples of x_train are {shapes['x_train']}, of x_test {shapes['x_test']}")
