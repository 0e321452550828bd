"""Random functional models with all that couples channels, and masks for them. Deterministic by seed."""

from typing import Any

import numpy as np

SIZE = 8


def random_model(seed: int) -> Any:
    """One or two inputs and outputs, two to six random stages, weights and statistics all random."""
    import keras

    keras.utils.set_random_seed(seed)
    random = np.random.default_rng(seed)
    inputs = [keras.Input((SIZE, SIZE, int(random.integers(1, 4)))) for _ in range(random.integers(1, 3))]
    streams = [_conv(random, x) for x in inputs]
    for _ in range(random.integers(2, 7)):
        place = int(random.integers(len(streams)))
        stage = STAGES[int(random.integers(len(STAGES)))]
        streams[place] = stage(random, streams[place])
        if len(streams) > 1 and random.random() < 0.3:
            streams = [_merged(random, *streams)]
    outputs = [_head(random, x) for x in streams]
    if random.random() < 0.3:
        outputs.append(_head(random, streams[0]))
    model = keras.Model(inputs if len(inputs) > 1 else inputs[0], outputs)
    for weight in model.weights:
        low, high = (0.5, 1.5) if "moving_variance" in weight.path or "gamma" in weight.path else (-0.5, 0.5)
        weight.assign(random.uniform(low, high, weight.shape))
    return model


def _channels(random: Any) -> int:
    return 2 * int(random.integers(1, 6))


def _activation(random: Any) -> str:
    return str(random.choice(["relu", "sigmoid", "linear", "tanh"]))


def _conv(random: Any, x: Any) -> Any:
    import keras

    kernel = int(random.choice([1, 3]))
    return keras.layers.Conv2D(_channels(random), kernel, padding="same", activation=_activation(random))(x)


def _normalized(random: Any, x: Any) -> Any:
    import keras

    x = keras.layers.BatchNormalization(scale=bool(random.random() < 0.8))(x)
    return keras.layers.Activation(_activation(random))(x)


def _residual(random: Any, x: Any) -> Any:
    import keras

    y = _normalized(random, _conv(random, x))
    y = keras.layers.Conv2D(x.shape[-1], 3, padding="same", use_bias=False)(y)
    if random.random() < 0.5:
        x = keras.layers.Conv2D(x.shape[-1], 1)(x)
    return keras.layers.Add()([x, y]) if random.random() < 0.5 else x + y


def _branches(random: Any, x: Any) -> Any:
    import keras

    return keras.layers.Concatenate()([_conv(random, x), x, _conv(random, x)])


def _depthwise(random: Any, x: Any) -> Any:
    import keras

    multiplier = int(random.integers(1, 3))
    return keras.layers.DepthwiseConv2D(3, padding="same", depth_multiplier=multiplier)(x)


def _separable(random: Any, x: Any) -> Any:
    import keras

    return keras.layers.SeparableConv2D(_channels(random), 3, padding="same", activation=_activation(random))(x)


def _grouped(random: Any, x: Any) -> Any:
    import keras

    groups = int(random.choice([g for g in (1, 2, 3, 4, x.shape[-1]) if x.shape[-1] % g == 0]))
    return keras.layers.Conv2D(groups * int(random.integers(1, 4)), 3, padding="same", groups=groups)(x)


def _gated(random: Any, x: Any) -> Any:
    """Squeeze and excite."""
    import keras

    layers = keras.layers
    y = layers.Dense(x.shape[-1], activation="sigmoid")(layers.Dense(4)(layers.GlobalAveragePooling2D()(x)))
    return layers.Multiply()([x, layers.Reshape((1, 1, x.shape[-1]))(y)])


def _nested(random: Any, x: Any) -> Any:
    import keras

    inner = keras.Input(x.shape[1:])
    body = keras.Model(inner, _residual(random, _normalized(random, _conv(random, inner))))
    if random.random() < 0.5:
        return body(x)
    return keras.Sequential([keras.Input(x.shape[1:]), body, keras.layers.PReLU(shared_axes=[1, 2])])(x)


def _shared(random: Any, x: Any) -> Any:
    """One convolution on two tensors."""
    import keras

    same = keras.layers.Conv2D(_channels(random), 3, padding="same")
    return same(x) + same(keras.layers.Conv2D(x.shape[-1], 1, activation="sigmoid")(x))


def _spatial(random: Any, x: Any) -> Any:
    import keras

    layers = keras.layers
    x = layers.UpSampling2D(2)(layers.MaxPooling2D(2)(x))
    return layers.Dropout(0.3)(layers.LeakyReLU()(x))


def _transposed(random: Any, x: Any) -> Any:
    import keras

    return keras.layers.Conv2DTranspose(_channels(random), 3, padding="same", activation=_activation(random))(x)


def _unknown(random: Any, x: Any) -> Any:
    """Mixes channels in a way that has no rule."""
    import keras

    return keras.layers.LayerNormalization()(x)


def _merged(random: Any, one: Any, other: Any) -> Any:
    import keras

    if random.random() < 0.5:
        return keras.layers.Concatenate()([one, other])
    return keras.layers.Maximum()([one, keras.layers.Conv2D(one.shape[-1], 1)(other)])


def _head(random: Any, x: Any) -> Any:
    import keras

    layers = keras.layers
    flat = random.random() < 0.5
    x = layers.Flatten()(layers.AveragePooling2D(4)(x)) if flat else layers.GlobalMaxPooling2D()(x)
    x = layers.Dense(_channels(random), activation="relu")(x)
    return layers.Dense(3, activation=str(random.choice(["softmax", "linear"])))(x)


STAGES = [
    *(_conv, _residual, _branches, _depthwise, _separable, _grouped, _gated, _nested, _shared, _spatial, _transposed),
    *(_unknown, _normalized),
]
