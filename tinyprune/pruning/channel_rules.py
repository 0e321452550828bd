"""What each operator of Keras does with channels, that is, with the last axis of its inputs.

A rule gives the channels of the one output, records which axes of the operator's weights they lie along, and joins or
freezes what the operator ties together. It returns None where it cannot tell, and so does the rule of any operator that
has none here: then all channels that it touches stay.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinyprune.pruning.groups import IntArray
from tinyprune.pruning.tracing import FROZEN, Tensor, Tracing
from tinyprune.pruning.weights import named_weights

Rule = Callable[[Tracing, Any, Sequence[Tensor]], IntArray | None]

# of each channel by itself
ELEMENTWISE = {
    *("linear", "relu", "relu6", "leaky_relu", "elu", "selu", "gelu", "silu", "swish", "mish", "softplus", "softsign"),
    *("sigmoid", "hard_sigmoid", "hard_silu", "hard_swish", "tanh", "hard_tanh", "exponential"),
}


def rule_of(operation: Any) -> Rule:
    """By the name of Keras' own class: what a subclass does is not known."""
    ours = type(operation).__module__.startswith("keras.")
    return RULES.get(type(operation).__name__, _unknown) if ours else _unknown


def _unknown(tracing: Tracing, call: Any, tensors: Sequence[Tensor]) -> None:
    return None


def _convolution(tracing: Tracing, call: Any, tensors: Sequence[Tensor]) -> IntArray | None:
    layer, inputs = call.operation, tensors[0].channels
    if layer.data_format != "channels_last" or len(inputs) != layer.groups * layer.kernel.shape[-2]:
        return None
    outputs = tracing.output_of(layer, layer.filters)
    if layer.groups == 1:
        tracing.record(layer, "kernel", {layer.kernel.ndim - 2: inputs, layer.kernel.ndim - 1: outputs})
    else:
        _join_by_group(tracing, inputs, outputs, layer.groups)
        tracing.record(layer, "kernel", {layer.kernel.ndim - 1: outputs})
    return _activated(tracing, layer, outputs)


def _join_by_group(tracing: Tracing, inputs: IntArray, outputs: IntArray, groups: int) -> None:
    """A group goes whole: its inputs are read by nothing else in this layer, its kernel is as wide as all others."""
    for read, made in zip(inputs.reshape(groups, -1), outputs.reshape(groups, -1), strict=True):
        tracing.join(read[:1], np.concatenate([read, made]))


def _transposed_convolution(tracing: Tracing, call: Any, tensors: Sequence[Tensor]) -> IntArray | None:
    layer, inputs = call.operation, tensors[0].channels
    if layer.data_format != "channels_last":
        return None
    outputs = tracing.output_of(layer, layer.filters)
    tracing.record(layer, "kernel", {layer.kernel.ndim - 2: outputs, layer.kernel.ndim - 1: inputs})
    return _activated(tracing, layer, outputs)


def _depthwise_convolution(tracing: Tracing, call: Any, tensors: Sequence[Tensor]) -> IntArray | None:
    layer, inputs = call.operation, tensors[0].channels
    if layer.data_format != "channels_last":
        return None
    tracing.record(layer, "kernel", {layer.kernel.ndim - 2: inputs})
    return _activated(tracing, layer, np.repeat(inputs, layer.depth_multiplier))


def _separable_convolution(tracing: Tracing, call: Any, tensors: Sequence[Tensor]) -> IntArray | None:
    layer, inputs = call.operation, tensors[0].channels
    if layer.data_format != "channels_last":
        return None
    last = layer.pointwise_kernel.ndim - 1
    outputs = tracing.output_of(layer, layer.filters)
    tracing.record(layer, "depthwise_kernel", {last - 1: inputs})
    between = np.repeat(inputs, layer.depth_multiplier)
    tracing.record(layer, "pointwise_kernel", {last - 1: between, last: outputs})
    return _activated(tracing, layer, outputs)


def _dense(tracing: Tracing, call: Any, tensors: Sequence[Tensor]) -> IntArray | None:
    layer = call.operation
    outputs = tracing.output_of(layer, layer.units)
    tracing.record(layer, "kernel", {0: tensors[0].channels, 1: outputs})
    return _activated(tracing, layer, outputs)


def _activated(tracing: Tracing, layer: Any, outputs: IntArray) -> IntArray:
    """The channels of a layer with a bias and an activation behind it."""
    if layer.use_bias:
        tracing.record(layer, "bias", {0: outputs})
    if getattr(layer.activation, "__name__", "") not in ELEMENTWISE:
        tracing.freeze(outputs)
    return outputs


def _batch_normalization(tracing: Tracing, call: Any, tensors: Sequence[Tensor]) -> IntArray | None:
    layer, inputs = call.operation, tensors[0].channels
    if layer.axis not in (-1, len(tensors[0].shape) - 1):
        return None
    for name in named_weights(layer):
        tracing.record(layer, name, {0: inputs})
    return inputs


def _prelu(tracing: Tracing, call: Any, tensors: Sequence[Tensor]) -> IntArray | None:
    alpha, inputs = call.operation.alpha, tensors[0].channels
    if alpha.shape[-1] == len(inputs):
        tracing.record(call.operation, "alpha", {alpha.ndim - 1: inputs})
    return inputs


def _attention(tracing: Tracing, call: Any, tensors: Sequence[Tensor]) -> IntArray | None:
    """Heads are channels between a layer's own weights; what goes in and comes out stays as wide as it is."""
    layer = call.operation
    heads = tracing.output_of(layer, layer.num_heads)
    tracing.heads.append(heads)
    for name, weight in named_weights(layer).items():
        part, _, kind = name.partition("/")
        if part != "attention_output":
            tracing.record(layer, name, {weight.ndim - 2: heads})
        elif kind == "kernel":
            tracing.record(layer, name, {0: heads})
    for tensor in tensors:
        tracing.freeze(tensor.channels)
    width: int = call.outputs[0].shape[-1]
    return np.full(width, FROZEN) if len(call.outputs) == 1 else None


def _same(tracing: Tracing, call: Any, tensors: Sequence[Tensor]) -> IntArray | None:
    last = getattr(call.operation, "data_format", None) != "channels_first"
    return tensors[0].channels if last else None


def _activation(tracing: Tracing, call: Any, tensors: Sequence[Tensor]) -> IntArray | None:
    name = getattr(call.operation.activation, "__name__", "")
    return tensors[0].channels if name in ELEMENTWISE else None


def _rescaling(tracing: Tracing, call: Any, tensors: Sequence[Tensor]) -> IntArray | None:
    one_for_all = np.ndim(call.operation.scale) == 0 == np.ndim(call.operation.offset)
    return tensors[0].channels if one_for_all else None


def _merge(tracing: Tracing, call: Any, tensors: Sequence[Tensor]) -> IntArray | None:
    """Channel by channel; a single channel, which all of the others read, stays."""
    if any(np.ndim(value) for value in call.arguments.args if not _holds_tensors(value)):
        return None  # a constant of several values, which would have to lose some
    widest = max((tensor.channels for tensor in tensors), key=len)
    for tensor in tensors:
        if len(tensor.channels) == len(widest):
            tracing.join(widest, tensor.channels)
        else:
            tracing.freeze(tensor.channels)
    return widest


def _holds_tensors(value: Any) -> bool:
    """Keras tensors, or a list of them."""
    import keras

    return all(keras.backend.is_keras_tensor(leaf) for leaf in keras.tree.flatten(value))


def _concatenate(tracing: Tracing, call: Any, tensors: Sequence[Tensor]) -> IntArray | None:
    rank = len(tensors[0].shape)
    if call.operation.axis in (-1, rank - 1):
        return np.concatenate([tensor.channels for tensor in tensors])
    for tensor in tensors:
        tracing.join(tensors[0].channels, tensor.channels)
    return tensors[0].channels


def _reshape(tracing: Tracing, call: Any, tensors: Sequence[Tensor]) -> IntArray | None:
    """Row after row: the new last axis has all channels as often as it is wider. Where it is narrower, none can go."""
    inputs, width = tensors[0].channels, call.outputs[0].shape[-1]
    path = tracing.paths.get(id(call.operation))  # none for keras.ops.reshape, whose shape cannot be changed
    if path is None or width is None or width % len(inputs) or _same(tracing, call, tensors) is None:
        return None
    tracing.resized[path] = np.tile(inputs, width // len(inputs))
    return tracing.resized[path]


_POOLINGS = [f"{kind}Pooling{rank}D" for kind in ("Max", "Average", "GlobalMax", "GlobalAverage") for rank in (1, 2)]
_RESAMPLINGS = [f"{kind}{rank}D" for kind in ("ZeroPadding", "Cropping", "UpSampling") for rank in (1, 2)]
_DROPOUTS = ["Dropout", "SpatialDropout1D", "SpatialDropout2D", "GaussianNoise", "GaussianDropout"]
_ELEMENT_LAYERS = ["ReLU", "LeakyReLU", "ELU", "Identity", *_DROPOUTS]
_ELEMENT_OPERATIONS = ["Relu", "Relu6", "Sigmoid", "Tanh", "Silu", "HardSigmoid", "HardSilu", "Elu", "Negative", "Abs"]
_MERGES = ["Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"]

RULES: dict[str, Rule] = {
    "Conv1D": _convolution,
    "Conv2D": _convolution,
    "Conv1DTranspose": _transposed_convolution,
    "Conv2DTranspose": _transposed_convolution,
    "DepthwiseConv1D": _depthwise_convolution,
    "DepthwiseConv2D": _depthwise_convolution,
    "SeparableConv1D": _separable_convolution,
    "SeparableConv2D": _separable_convolution,
    "Dense": _dense,
    "BatchNormalization": _batch_normalization,
    "PReLU": _prelu,
    "MultiHeadAttention": _attention,
    "Activation": _activation,
    "Rescaling": _rescaling,
    "Concatenate": _concatenate,
    "Flatten": _reshape,
    "Reshape": _reshape,
    "RepeatVector": _same,
    **dict.fromkeys([*_POOLINGS, *_RESAMPLINGS, *_ELEMENT_LAYERS, *_ELEMENT_OPERATIONS], _same),
    **dict.fromkeys(_MERGES, _merge),
}
