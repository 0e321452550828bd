"""Keras -> int8 `.tflite`, by TensorFlow's own post-training quantization."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tinyprune.errors import TinypruneError, UnsupportedModelError
from tinyprune.frontend.quiet import first_line, import_keras, import_tensorflow, quiet

if TYPE_CHECKING:
    import keras

FloatArray = NDArray[np.float32]


def quantize(model: "keras.Model", calibration: FloatArray) -> bytes:
    """The `.tflite` file of `model`: int8 weights, activations, input and output, batch fixed to 1.

    `calibration` is (n, ...) like the model's input; its range decides the activation scales. The same model and
    samples give the same bytes. An operator that only exists in float stays so between DEQUANTIZE and QUANTIZE: the
    import of the file names it. Raises UnsupportedModelError for several inputs or outputs, subclassed models,
    operators that TFLite does not have, and recurrent layers that are not unrolled, TinypruneError for samples that do
    not fit.
    """
    check_sides(model)
    _check_samples(model, calibration)
    _refuse_loops(model)
    tf = import_tensorflow()
    with quiet():
        try:
            return _converter(tf, with_batch_of_one(model, calibration.shape[1:]), calibration).convert()
        except Exception as error:  # the converter raises what it likes: ValueError, RuntimeError, its own classes
            raise UnsupportedModelError(
                f"TensorFlow cannot convert model '{model.name}' to int8: {_reason(error)}",
                remedy="use convolutions, Dense, Add, pooling, BatchNormalization, ReLU, softmax",
            ) from error


def with_batch_of_one(model: "keras.Model", sample_shape: tuple[int, ...]) -> "keras.Model":
    """The model for exactly one sample; with an open batch, Flatten becomes SHAPE, STRIDED_SLICE, PACK and RESHAPE.

    Names are fixed, because those that Keras would number end up in the file.
    """
    keras = import_keras()
    sample = keras.Input(batch_shape=(1, *sample_shape), name="input")
    return keras.Model(sample, model(sample, training=False), name=model.name)


def _converter(tf: Any, model: "keras.Model", calibration: FloatArray) -> Any:
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: _one_by_one(calibration)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tf.int8
    converter.inference_output_type = tf.int8
    return converter


def _one_by_one(calibration: FloatArray) -> Iterator[list[FloatArray]]:
    for index in range(len(calibration)):
        yield [calibration[index : index + 1]]


def check_sides(model: "keras.Model") -> None:
    """Raises UnsupportedModelError unless `model` is known to have one input and one output."""
    if not hasattr(model, "inputs"):
        raise UnsupportedModelError(
            f"model '{model.name}' is subclassed: its inputs and outputs are only known when it runs",
            remedy="write it as a functional model",
        )
    for side, tensors in (("inputs", model.inputs), ("outputs", model.outputs)):
        if len(tensors) != 1:
            raise UnsupportedModelError(
                f"model '{model.name}' has {len(tensors)} {side}", remedy="give a model with one input and one output"
            )


def _check_samples(model: "keras.Model", calibration: FloatArray) -> None:
    expected = tuple(model.inputs[0].shape[1:])
    given = calibration.shape[1:]
    fits = len(expected) == len(given) and all(e in (None, g) for e, g in zip(expected, given, strict=True))
    if not fits or len(calibration) == 0:
        raise TinypruneError(
            f"model '{model.name}' takes {expected}, but there are {len(calibration)} calibration samples of {given}",
            remedy="give float32 samples shaped (n, *input)",
        )


def _refuse_loops(model: "keras.Model") -> None:
    """TensorFlow's calibration crashes, and with it this process, on the loop that a recurrent layer of Keras 3 is."""
    every: Any = model
    loops = [layer.name for layer in every._flatten_layers() if getattr(layer, "unroll", True) is False]
    if loops:
        raise UnsupportedModelError(
            f"model '{model.name}' has recurrent layers that TensorFlow cannot quantize: {', '.join(loops)}",
            remedy="build them with unroll=True; or convert the model with tf_keras, whose LSTM becomes one operator, "
            "and give the .tflite file",
        )


def _reason(error: Exception) -> str:
    """The operator, where the converter's long message names one."""
    operator = re.search(r"'tf\.\w+' op .*", str(error))
    return operator.group() if operator else first_line(error)
