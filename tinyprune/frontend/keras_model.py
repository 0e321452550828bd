"""Keras models from `.keras` and `.h5` files, without running code that a file brings along."""

import json
import os
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from tinyprune.errors import TinypruneError, UnsupportedModelError
from tinyprune.frontend.quiet import first_line, import_keras, quiet

if TYPE_CHECKING:
    import keras

H5_SUFFIXES = (".h5", ".hdf5")
SUFFIXES = (".keras", *H5_SUFFIXES)
Json = dict[str, Any]


def load_keras_model(path: str | Path) -> "keras.Model":
    """The model in a `.keras` or `.h5` file, compiled if it was saved so and its loss is one that Keras knows.

    A loss or metric of the user's own is dropped with a warning: only fine-tuning needs it. Raises TinypruneError for a
    file that is missing or broken, and UnsupportedModelError for Lambda layers (Python code inside of a file, which is
    never run) and for custom objects that are not registered with Keras.
    """
    path = Path(path)
    _check_file(path)
    keras = import_keras()
    config = _config(path)
    _refuse_lambda(config, path)
    model, reason = _load(keras, path, compiled=True)
    if model is None:
        model, _ = _load(keras, path, compiled=False)
        if model is None:
            raise _refusal(keras, config, path, reason)
        warnings.warn(f"{path}: its loss or metrics are left out: {reason}", stacklevel=2)
    return model


def check_model_output(path: Path) -> None:
    """Raises TinypruneError unless `save_keras_model` can write there, as far as that shows beforehand."""
    if path.suffix != ".keras":
        raise TinypruneError(f"the output {path} must end in .keras", remedy=f"-o {path.with_suffix('.keras')}")
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    if path.is_dir() or not folder.is_dir() or not os.access(folder, os.W_OK):
        raise TinypruneError(f"cannot write {path}", remedy="give a file in a folder that you may write to, as -o FILE")


def save_keras_model(model: "keras.Model", path: Path) -> None:
    """Writes `model` beside the `.keras` file `path` and renames it. Raises TinypruneError where that cannot be."""
    beside = path.with_name(f"{path.stem}.part.keras")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with quiet():
            model.save(beside)
        beside.replace(path)
    except OSError as error:
        reason = first_line(error)
        raise TinypruneError(f"cannot write {path}: {reason}", remedy="give another file, as -o FILE") from error


def _check_file(path: Path) -> None:
    if path.is_dir():
        raise TinypruneError(f"model '{path}' is a directory", remedy="load it in Keras and model.save('model.keras')")
    if not path.is_file():
        raise TinypruneError(f"model '{path}' does not exist", remedy=f"working directory: {Path.cwd()}")
    if path.suffix not in SUFFIXES:
        raise TinypruneError(f"'{path}' is not a Keras model file", remedy=f"known: {', '.join(SUFFIXES)}")


def _config(path: Path) -> Json:
    """The model's architecture as JSON; the compile configuration, which may name custom losses, left out."""
    try:
        text = _h5_config(path) if path.suffix in H5_SUFFIXES else _zip_config(path)
        return {key: value for key, value in json.loads(text).items() if key != "compile_config"}
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise TinypruneError(
            f"model '{path}' is not a whole Keras model: {first_line(error)}",
            remedy="save it again with model.save(...); a file of weights alone is not enough",
        ) from error


def _zip_config(path: Path) -> bytes:
    with zipfile.ZipFile(path) as archive:
        return archive.read("config.json")


def _h5_config(path: Path) -> str | bytes:
    import h5py

    with h5py.File(path, "r") as file:
        return file.attrs["model_config"]


def _refuse_lambda(config: Json, path: Path) -> None:
    for serialized in _serialized_objects(config):
        if serialized["class_name"] in ("Lambda", "__lambda__"):
            raise UnsupportedModelError(
                f"model '{path}' contains Python code: {_label(serialized)}",
                remedy="code in a file is never run; replace the lambda by a Keras layer (Rescaling, Activation, ...)",
            )


def _load(keras: Any, path: Path, *, compiled: bool) -> "tuple[keras.Model | None, str]":
    """The model, or None and why not."""
    legacy = {"DepthwiseConv2D": DepthwiseWithGroups} if path.suffix in H5_SUFFIXES else None
    with quiet():
        try:
            return keras.saving.load_model(path, custom_objects=legacy, compile=compiled, safe_mode=True), ""
        except Exception as error:  # Keras raises TypeError, ValueError, KeyError, OSError, h5py's errors, ...
            return None, first_line(error)


class DepthwiseWithGroups:
    """Stands in for DepthwiseConv2D in `.h5` files of Keras 2, which wrote a `groups` that Keras 3 refuses."""

    @classmethod
    def from_config(cls, config: Json) -> Any:
        """Keras' own DepthwiseConv2D, so that nothing of this class remains in the model."""
        import keras

        return keras.layers.DepthwiseConv2D.from_config({k: v for k, v in config.items() if k != "groups"})


def _refusal(keras: Any, config: Json, path: Path, reason: str) -> TinypruneError:
    objects = list(_serialized_objects(config))
    custom = sorted({_label(serialized) for serialized in objects if _is_custom(keras, serialized)})
    if custom:
        return UnsupportedModelError(
            f"model '{path}' uses custom objects: {', '.join(custom)}",
            remedy="use Keras' own layers, or register yours (keras.saving.register_keras_serializable) before loading",
        )
    detail = next(_broken_layers(keras, objects), reason)
    return TinypruneError(
        f"model '{path}' cannot be loaded: {detail}", remedy=f"save it again with Keras {keras.__version__}"
    )


def _broken_layers(keras: Any, objects: list[Json]) -> Iterator[str]:
    """Keras only says that the whole model is wrong; trying its layers one by one finds which, and why."""
    for serialized in objects:
        if serialized.get("module") != "keras.layers":
            continue
        try:
            with quiet():
                keras.saving.deserialize_keras_object(serialized, safe_mode=True)
        except Exception as error:
            yield f"{_label(serialized)}: {first_line(error)}"


def _serialized_objects(node: object) -> Iterator[Json]:
    """Every {"class_name": ..., "config": ...} in a Keras configuration."""
    if isinstance(node, dict):
        mapping = cast("Json", node)
        if isinstance(mapping.get("class_name"), str):
            yield mapping
        for value in mapping.values():
            yield from _serialized_objects(value)
    elif isinstance(node, list):
        for value in cast("list[object]", node):
            yield from _serialized_objects(value)


def _is_custom(keras: Any, serialized: Json) -> bool:
    """Keras' own objects live in keras.*; functions that it does not know are marked as builtins."""
    if "module" not in serialized:
        # `.h5` names no modules; of what it holds, only layers have a name beside their configuration
        return "name" in serialized and not hasattr(keras.layers, serialized["class_name"])
    module: object = serialized["module"]
    if module == "builtins":
        return bool(serialized["class_name"] == "function")
    return not (isinstance(module, str) and module.split(".")[0] == "keras")


def _label(serialized: Json) -> str:
    config: Any = serialized.get("config")
    name: Any = cast("Json", config).get("name") if isinstance(config, dict) else config
    kind = serialized["class_name"]
    return f"{kind} '{name}'" if isinstance(name, str) else str(kind)
