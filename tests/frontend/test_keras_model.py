"""Keras files load quietly, and what cannot be loaded is named."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tinyprune.errors import TinypruneError, UnsupportedModelError
from tinyprune.frontend.keras_model import load_keras_model

pytestmark = pytest.mark.keras


def dense_model(**options: Any) -> Any:
    import keras

    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, name="head", **options)])


def model_with(layer: Any) -> Any:
    import keras

    sample = keras.Input((8, 8, 2))
    return keras.Model(sample, layer(sample))


def test_keras_file_round_trips(tmp_path: Path) -> None:
    model = dense_model()
    model.compile("adam", "mse")
    model.save(tmp_path / "m.keras")
    loaded = load_keras_model(tmp_path / "m.keras")
    assert loaded.compiled and loaded.loss == "mse"
    assert all(np.array_equal(a, b) for a, b in zip(loaded.get_weights(), model.get_weights(), strict=True))


def test_h5_file_round_trips(tmp_path: Path) -> None:
    model = dense_model()
    model.save(tmp_path / "m.h5")
    loaded = load_keras_model(str(tmp_path / "m.h5"))
    assert np.array_equal(loaded.get_weights()[0], model.get_weights()[0])


def test_depthwise_groups_of_keras_2_are_accepted(tmp_path: Path) -> None:
    import h5py
    import keras

    path = tmp_path / "old.h5"
    model_with(keras.layers.DepthwiseConv2D(3)).save(path)
    with h5py.File(path, "r+") as file:
        config = json.loads(file.attrs["model_config"])
        config["config"]["layers"][1]["config"]["groups"] = 1
        file.attrs["model_config"] = json.dumps(config)
    assert type(load_keras_model(path).layers[1]) is keras.layers.DepthwiseConv2D


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_lambda_is_refused_by_name(tmp_path: Path, suffix: str) -> None:
    import keras

    path = tmp_path / f"m{suffix}"
    model_with(keras.layers.Lambda(lambda x: x * 2, name="twice")).save(path)
    with pytest.raises(UnsupportedModelError, match=r"Python code: Lambda 'twice'"):
        load_keras_model(path)


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_custom_layer_is_refused_by_name(tmp_path: Path, suffix: str) -> None:
    import keras

    class Shift(keras.layers.Layer):
        def call(self, x: Any) -> Any:
            return x + 1

    path = tmp_path / f"m{suffix}"
    model_with(Shift(name="shifted")).save(path)
    with pytest.raises(UnsupportedModelError, match=r"custom objects: Shift 'shifted'"):
        load_keras_model(path)


def test_registered_custom_layer_is_loaded(tmp_path: Path) -> None:
    import keras

    @keras.saving.register_keras_serializable("tests")
    class Known(keras.layers.Layer):
        def call(self, x: Any) -> Any:
            return x + 1

    path = tmp_path / "m.keras"
    model_with(Known()).save(path)
    assert type(load_keras_model(path).layers[1]) is Known


def my_activation(x: Any) -> Any:
    return x * 3


def my_loss(truth: Any, predicted: Any) -> Any:
    return (truth - predicted) ** 2


def test_custom_function_is_refused_by_name(tmp_path: Path) -> None:
    dense_model(activation=my_activation).save(tmp_path / "m.keras")
    with pytest.raises(UnsupportedModelError, match=r"custom objects: function 'my_activation'"):
        load_keras_model(tmp_path / "m.keras")


def test_custom_loss_is_dropped_with_a_warning(tmp_path: Path) -> None:
    model = dense_model()
    model.compile("adam", my_loss)
    model.save(tmp_path / "m.keras")
    with pytest.warns(UserWarning, match="my_loss"):
        loaded = load_keras_model(tmp_path / "m.keras")
    assert not loaded.compiled


def test_a_layer_that_keras_refuses_is_named(tmp_path: Path) -> None:
    dense_model().save(tmp_path / "m.keras")
    with zipfile.ZipFile(tmp_path / "m.keras") as source, zipfile.ZipFile(tmp_path / "n.keras", "w") as target:
        for name in source.namelist():
            target.writestr(name, source.read(name).replace(b'"units"', b'"unlts"'))
    with pytest.raises(TinypruneError, match=r"Dense 'head'"):
        load_keras_model(tmp_path / "n.keras")


def test_weights_alone_are_not_a_model(tmp_path: Path) -> None:
    dense_model().save_weights(tmp_path / "m.weights.h5")
    with pytest.raises(TinypruneError, match=r"m\.weights\.h5.*not a whole Keras model"):
        load_keras_model(tmp_path / "m.weights.h5")


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
@pytest.mark.parametrize("share", [0.0, 0.5])
def test_a_cut_file_is_named(tmp_path: Path, suffix: str, share: float) -> None:
    path = tmp_path / f"cut{suffix}"
    dense_model().save(path)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(TinypruneError, match=rf"cut\{suffix}"):
        load_keras_model(path)


def test_missing_file_directory_and_suffix(tmp_path: Path) -> None:
    with pytest.raises(TinypruneError, match=r"none\.keras' does not exist"):
        load_keras_model(tmp_path / "none.keras")
    with pytest.raises(TinypruneError, match="is a directory"):
        load_keras_model(tmp_path)
    (tmp_path / "m.onnx").touch()
    with pytest.raises(TinypruneError, match=r"(?s)m\.onnx.*known: \.keras"):
        load_keras_model(tmp_path / "m.onnx")


def test_loading_and_quantizing_say_nothing(tmp_path: Path) -> None:
    """In a fresh process, in which TensorFlow greets and the converter logs."""
    dense_model().save(tmp_path / "m.keras")
    script = (
        "import sys, numpy as np\n"
        "from tinyprune.frontend.keras_model import load_keras_model\n"
        "from tinyprune.frontend.quantize import quantize\n"
        "assert 'keras' not in sys.modules and 'tensorflow' not in sys.modules\n"
        f"quantize(load_keras_model({str(tmp_path / 'm.keras')!r}), np.ones((3, 4), np.float32))\n"
        "print('{}')\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("{}\n", "")
