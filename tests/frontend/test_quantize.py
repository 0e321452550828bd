"""The converted file: int8 from end to end, batch 1, the operators that tinyprune knows, the same bytes each time."""

import hashlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tflite

from tinyprune.errors import TinypruneError, UnsupportedModelError
from tinyprune.frontend.quantize import quantize

pytestmark = pytest.mark.keras

EXAMPLE = Path(__file__).parents[2] / "examples" / "digits" / "digits.keras"
ALLOWED = {"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "ADD", "MEAN", "RESHAPE", "SOFTMAX"}
NAMES = {value: name for name, value in vars(tflite.BuiltinOperator).items() if isinstance(value, int)}


def samples(*shape: int) -> Any:
    return np.random.default_rng(1).uniform(0, 1, (5, *shape)).astype(np.float32)


def graph(content: bytes) -> Any:
    model = tflite.Model.GetRootAsModel(content, 0)
    assert model.SubgraphsLength() == 1
    return model, model.Subgraphs(0)


def operators(content: bytes) -> list[str]:
    model, subgraph = graph(content)
    codes = [
        model.OperatorCodes(subgraph.Operators(i).OpcodeIndex()).BuiltinCode()
        for i in range(subgraph.OperatorsLength())
    ]
    return [NAMES[code] for code in codes]


def flat_model() -> Any:
    import keras

    return keras.Sequential(
        [
            keras.Input((6, 6, 2)),
            keras.layers.Conv2D(3, 3, activation="relu"),
            keras.layers.Flatten(),
            keras.layers.Dense(4),
        ]
    )


def test_everything_is_int8_and_the_batch_is_one() -> None:
    content = quantize(flat_model(), samples(6, 6, 2))
    _, subgraph = graph(content)
    for index in [subgraph.Inputs(0), subgraph.Outputs(0)]:
        assert subgraph.Tensors(index).Type() == tflite.TensorType.INT8
    assert subgraph.Tensors(subgraph.Inputs(0)).ShapeAsNumpy().tolist() == [1, 6, 6, 2]
    assert subgraph.Tensors(subgraph.Outputs(0)).ShapeAsNumpy().tolist() == [1, 4]
    outputs = [subgraph.Tensors(subgraph.Operators(i).Outputs(0)) for i in range(subgraph.OperatorsLength())]
    assert {tensor.Type() for tensor in outputs} == {tflite.TensorType.INT8}
    assert operators(content) == ["CONV_2D", "RESHAPE", "FULLY_CONNECTED"]


def test_an_open_batch_would_need_more_operators(monkeypatch: pytest.MonkeyPatch) -> None:
    """Why `with_batch_of_one` exists; should this fail one day, it can go."""
    monkeypatch.setattr("tinyprune.frontend.quantize.with_batch_of_one", lambda model, _shape: model)
    assert "SHAPE" in operators(quantize(flat_model(), samples(6, 6, 2)))


def test_the_example_uses_only_known_operators() -> None:
    import keras

    found = operators(quantize(keras.saving.load_model(EXAMPLE), samples(8, 8, 1)))
    assert {"CONV_2D", "DEPTHWISE_CONV_2D", "ADD", "MEAN"} <= set(found) <= ALLOWED


def test_input_scale_comes_from_the_samples() -> None:
    wide = quantize(flat_model(), samples(6, 6, 2) * 10)
    _, subgraph = graph(wide)
    scale = subgraph.Tensors(subgraph.Inputs(0)).Quantization().ScaleAsNumpy()
    assert scale == pytest.approx([10 / 255], rel=0.05)


def test_zeros_stay_zeros() -> None:
    model = flat_model()
    weights = model.get_weights()
    weights[0][:, :, 0, :] = 0
    model.set_weights(weights)
    file, subgraph = graph(quantize(model, samples(6, 6, 2)))
    kernel = subgraph.Tensors(subgraph.Operators(0).Inputs(1))
    values = file.Buffers(kernel.Buffer()).DataAsNumpy().view(np.int8).reshape(kernel.ShapeAsNumpy())
    assert not values[..., 0].any()
    assert values[..., 1].any()


SCRIPT = f"""
import hashlib, keras, numpy as np
from tinyprune.frontend.quantize import quantize
keras.layers.Dense(3)  # moves Keras' counters, on which no byte may depend
samples = np.random.default_rng(1).uniform(0, 1, (5, 8, 8, 1)).astype(np.float32)
print(hashlib.sha256(quantize(keras.saving.load_model({str(EXAMPLE)!r}), samples)).hexdigest())
"""


def test_same_bytes_again_and_in_another_process() -> None:
    import keras

    model = keras.saving.load_model(EXAMPLE)
    first, second = quantize(model, samples(8, 8, 1)), quantize(model, samples(8, 8, 1))
    assert first == second
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == hashlib.sha256(first).hexdigest()


def test_the_model_is_not_changed() -> None:
    model = flat_model()
    before = model.get_weights()
    quantize(model, samples(6, 6, 2))
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
    assert model.input_shape == (None, 6, 6, 2)


@pytest.mark.parametrize("given", [samples(6, 6, 3), samples(36, 2), samples(6, 6, 2)[:0]])
def test_samples_that_do_not_fit_are_refused(given: Any) -> None:
    with pytest.raises(TinypruneError, match=r"\(6, 6, 2\)"):
        quantize(flat_model(), given)


def test_several_inputs_are_refused() -> None:
    import keras

    a, b = keras.Input((2,)), keras.Input((2,))
    with pytest.raises(UnsupportedModelError, match="2 inputs"):
        quantize(keras.Model([a, b], keras.layers.Add()([a, b])), samples(2))


def test_subclassed_models_are_refused() -> None:
    import keras

    class Own(keras.Model):
        def call(self, inputs: Any) -> Any:
            return inputs

    with pytest.raises(UnsupportedModelError, match="'own' is subclassed"):
        quantize(Own(name="own"), samples(2))


def test_an_operator_without_int8_version_is_refused(capfd: pytest.CaptureFixture[str]) -> None:
    import keras

    class Erf(keras.layers.Layer):
        def call(self, x: Any) -> Any:
            import tensorflow as tf

            return tf.math.erf(x)

    sample = keras.Input((3,))
    with pytest.raises(UnsupportedModelError, match=r"'odd' to int8: 'tf\.Erf' op"):
        quantize(keras.Model(sample, Erf()(sample), name="odd"), samples(3))
    assert capfd.readouterr().out == ""


def recurrent_model(unroll: bool) -> Any:
    import keras

    layers = [keras.Input((4, 3)), keras.layers.LSTM(5, unroll=unroll, name="memory"), keras.layers.Dense(2)]
    return keras.Sequential([keras.Sequential(layers[:2]), layers[2]])


def test_a_recurrent_layer_has_to_be_unrolled() -> None:
    with pytest.raises(UnsupportedModelError, match="that TensorFlow cannot quantize: memory\nbuild them with unroll"):
        quantize(recurrent_model(unroll=False), samples(4, 3))
    assert {"FULLY_CONNECTED", "LOGISTIC", "TANH"} <= set(operators(quantize(recurrent_model(True), samples(4, 3))))
