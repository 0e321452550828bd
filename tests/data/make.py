"""Makes the .tflite files of this folder: `python tests/data/make.py`. Needs tinyprune[keras]."""

from pathlib import Path

import numpy as np

from tinyprune import paths
from tinyprune.frontend.dataset import load_dataset
from tinyprune.frontend.keras_model import load_keras_model
from tinyprune.frontend.quantize import quantize
from tinyprune.frontend.quiet import import_keras, import_tensorflow, quiet

HERE = Path(__file__).parent


def main() -> None:
    keras, tf = import_keras(), import_tensorflow()
    keras.utils.set_random_seed(0)
    samples = np.random.default_rng(0).random((20, 8, 8, 1), np.float32)

    data = load_dataset(str(paths.example() / "digits.npz"))
    example = load_keras_model(paths.example() / "digits.keras")
    (HERE / "digits.tflite").write_bytes(quantize(example, data.calibration()))

    inputs = keras.Input((8, 8, 1), batch_size=1)
    conv = keras.layers.Conv2D(4, 3)(inputs)
    with quiet():
        float_model = tf.lite.TFLiteConverter.from_keras_model(keras.Model(inputs, conv)).convert()
    (HERE / "float.tflite").write_bytes(float_model)

    cosine = keras.Model(inputs, keras.ops.cumsum(conv, axis=1))
    (HERE / "cumsum.tflite").write_bytes(quantize(cosine, samples))

    # more activations than the 128 KB of an STM32F407, and more weights than its 1 MB
    wide = keras.Input((96, 96, 8), batch_size=1)
    big_arena = keras.Model(wide, keras.layers.Conv2D(16, 1)(wide))
    (HERE / "big_arena.tflite").write_bytes(quantize(big_arena, np.zeros((2, 96, 96, 8), np.float32) + 0.5))

    lam = keras.Model(inputs, keras.layers.Lambda(lambda x: x * 2)(inputs))
    lam.save(HERE / "lambda.keras")


if __name__ == "__main__":
    main()
