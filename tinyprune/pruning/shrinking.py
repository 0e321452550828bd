"""Removes masked channels and heads for real. Imports Keras: import this module only once Keras is needed."""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from tinyprune.pruning.channels import Channels, channels_of, is_model
from tinyprune.pruning.copying import cloned
from tinyprune.pruning.groups import BoolArray, IntArray
from tinyprune.pruning.weights import layers_of, named_weights

# by class: the key of its configuration that says how many channels it makes; the weight and the axis that have them
SIZES = {
    "Conv1D": ("filters", "kernel", 2),
    "Conv2D": ("filters", "kernel", 3),
    "Conv1DTranspose": ("filters", "kernel", 1),
    "Conv2DTranspose": ("filters", "kernel", 2),
    "SeparableConv1D": ("filters", "pointwise_kernel", 2),
    "SeparableConv2D": ("filters", "pointwise_kernel", 3),
    "Dense": ("units", "kernel", 1),
    "MultiHeadAttention": ("num_heads", "query/kernel", 1),
}


def shrink(model: "keras.Model", masks: Mapping[str, BoolArray]) -> "keras.Model":
    """A smaller, uncompiled model that computes what `model`, a Sequential or functional one, does under `masks`.

    `masks` are those of channels or heads, as in `PruningResult.masks` or `PruningCallback.masks`: whatever they mask
    throughout goes, with all that only exists along with it. `model` is not changed.
    """
    removal = _Removal(model, channels_of(model), masks)
    smaller = removal.smaller_model(model)
    new = layers_of(smaller)
    for path, layer in layers_of(model).items():
        for (name, old), weight in zip(named_weights(layer).items(), new[path].weights, strict=True):
            weight.assign(removal.cut(f"{path}/{name}", np.asarray(old)))
    return smaller


class _Removal:
    """The channels of a model that go."""

    def __init__(self, model: "keras.Model", found: Channels, masks: Mapping[str, BoolArray]) -> None:
        self._found = found
        self._paths = {id(layer): path for path, layer in layers_of(model).items()}
        gone: set[int] = set()
        for weight, mask in masks.items():
            for axis, channels in found.axes.get(weight, {}).items():
                stays = mask.any(axis=tuple(other for other in range(mask.ndim) if other != axis))
                gone.update(channels[~stays].tolist())
        self._gone = list(gone)
        self._made: dict[int, Any] = {}

    def cut(self, weight: str, value: Any) -> Any:
        """A weight without the channels that go."""
        for axis, channels in self._found.axes.get(weight, {}).items():
            value = np.compress(self._stays(channels), value, axis)
        return value

    def smaller_model(self, model: "keras.Model") -> Any:
        """The model with smaller layers; their weights are not set yet."""
        inputs = [self._input(tensor) for tensor in model.inputs]
        if isinstance(model, keras.Sequential):
            return keras.Sequential([*inputs, *(self._smaller(layer) for layer in model.layers)], name=model.name)
        structured = keras.tree.pack_sequence_as(model.input, inputs)
        return cloned(model, input_tensors=structured, clone_function=self._smaller)

    def _input(self, tensor: Any) -> Any:
        shape, stays = tuple(tensor.shape), self._stays(self._found.inputs[id(tensor)])
        if not stays.all():
            shape = (*shape[:-1], int(stays.sum()))
        return keras.Input(batch_shape=shape, dtype=tensor.dtype, name=tensor.name)

    def _smaller(self, layer: Any) -> Any:
        """The same object for the same layer, so that what is shared stays so."""
        if id(layer) not in self._made:
            self._made[id(layer)] = self.smaller_model(layer) if is_model(layer) else self._smaller_layer(layer)
        return self._made[id(layer)]

    def _smaller_layer(self, layer: Any) -> Any:
        config, path, kind = layer.get_config(), self._paths.get(id(layer), ""), type(layer).__name__
        if kind in SIZES:
            key, weight, axis = SIZES[kind]
            channels = self._found.axes.get(f"{path}/{weight}", {}).get(axis)
            if channels is not None:
                size = int(self._stays(channels).sum())
                if config.get("groups", 1) > 1:
                    config["groups"] = config["groups"] * size // config[key]
                config[key] = size
        elif kind == "Reshape" and path in self._found.resized and config["target_shape"][-1] != -1:
            width = int(self._stays(self._found.resized[path]).sum())
            config["target_shape"] = (*config["target_shape"][:-1], width)
        return layer.__class__.from_config(config)

    def _stays(self, channels: IntArray) -> BoolArray:
        return np.isin(channels, self._gone, invert=True)
