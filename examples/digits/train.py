"""Make `digits.keras` and `digits.npz`, the model and the data of this example, from scikit-learn's handwritten digits.

    python examples/digits/train.py

needs `keras`, `tensorflow` and `scikit-learn`, and about half a minute of two CPU cores. Both files are in the
repository, so that you run this only to change the network.
"""

import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf
from keras import layers
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

HERE = Path(__file__).resolve().parent
SEED = 7
TEST_SHARE = 0.25
LARGEST_PIXEL = 16
BATCH = 32
EPOCHS = 40
FIRST_RATE = 3e-3


def load() -> dict[str, np.ndarray]:
    """The 1797 digits, 8x8x1 in [0, 1], split stratified by class; the keys are those of a tinyprune data file."""
    digits = load_digits()
    # k/16 is exact in float16, which halves the file
    images = (digits.images[..., np.newaxis] / LARGEST_PIXEL).astype(np.float16)
    labels = digits.target.astype(np.uint8)
    x_train, x_test, y_train, y_test = train_test_split(
        images, labels, test_size=TEST_SHARE, stratify=labels, random_state=SEED
    )
    return {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}


def normalized(x: object, name: str, *, relu: bool = True) -> object:
    """Batch normalization (with a short memory: an epoch is only 42 batches), then ReLU."""
    x = layers.BatchNormalization(momentum=0.9, name=f"{name}_norm")(x)
    return layers.ReLU(name=f"{name}_relu")(x) if relu else x


def conv(x: object, name: str, *, relu: bool = True, **options: int) -> object:
    """A convolution, normalized; its bias comes from the normalization."""
    x = layers.Conv2D(**options, padding="same", use_bias=False, name=name)(x)
    return normalized(x, name, relu=relu)


def network() -> keras.Model:
    """A small ResNet-like net: full convolutions, a residual block, a depthwise-separable block, a dense head."""
    image = keras.Input((8, 8, 1), name="image")
    x = conv(image, "stem", filters=24, kernel_size=3)
    x = conv(x, "downsample", filters=32, kernel_size=3, strides=2)
    x = layers.Add(name="add")([x, conv(x, "residual", filters=32, kernel_size=3, relu=False)])
    x = layers.ReLU(name="add_relu")(x)
    x = normalized(layers.DepthwiseConv2D(3, padding="same", use_bias=False, name="depthwise")(x), "depthwise")
    x = conv(x, "pointwise", filters=96, kernel_size=1)
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    scores = layers.Dense(10, activation="softmax", name="scores")(x)
    return keras.Model(image, scores, name="digits")


def train(data: dict[str, np.ndarray]) -> keras.Model:
    """The trained network."""
    keras.utils.set_random_seed(SEED)
    tf.config.experimental.enable_op_determinism()
    model = network()
    steps = EPOCHS * -(-len(data["x_train"]) // BATCH)
    rate = keras.optimizers.schedules.CosineDecay(FIRST_RATE, steps)
    # compiling to XLA takes longer than such a small network trains
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", jit_compile=False)
    x, y = data["x_train"].astype(np.float32), data["y_train"]
    model.fit(x, y, batch_size=BATCH, epochs=EPOCHS, verbose=0)
    return model


def uncompiled(model: keras.Model) -> keras.Model:
    """The same network without an optimizer, whose moments would double the size of the file."""
    copy = network()
    copy.set_weights(model.get_weights())
    return copy


def main() -> None:
    """Train, write both files next to this one, and print the test accuracy."""
    data = load()
    model = train(data)
    answers = model.predict(data["x_test"].astype(np.float32), verbose=0).argmax(axis=1)
    accuracy = np.mean(answers == data["y_test"])
    np.savez_compressed(HERE / "digits.npz", **data)
    uncompiled(model).save(HERE / "digits.keras")
    print(f"{model.count_params()} parameters, test accuracy {accuracy:.2%}")


if __name__ == "__main__":
    main()
