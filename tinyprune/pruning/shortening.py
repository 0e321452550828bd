"""Removes masked residual blocks for real. Imports Keras: import this module only once Keras is needed."""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from tinyprune.pruning.copying import cloned
from tinyprune.pruning.groups import BoolArray
from tinyprune.pruning.residual_blocks import Block, residual_blocks
from tinyprune.pruning.weights import layers_of, named_weights


def shorten(model: keras.Model, masks: Mapping[str, BoolArray]) -> keras.Model:
    """An uncompiled functional model without the residual blocks that `masks` mask throughout."""
    paths = {id(layer): path for path, layer in layers_of(model).items()}

    def gone(block: Block) -> bool:
        names = [f"{paths[id(layer)]}/{name}" for layer in block.layers for name in named_weights(layer)]
        known = [masks[name] for name in names if name in masks]
        return bool(known) and not any(mask.any() for mask in known)

    shortcuts = {id(block.addition): block.shortcut for block in residual_blocks(model) if gone(block)}
    replaced: dict[int, int] = {}  # the same, by the id of the clone's operation

    def copied(operation: Any) -> Any:
        clone = operation.__class__.from_config(operation.get_config())
        if id(operation) in shortcuts:
            replaced[id(clone)] = shortcuts[id(operation)]
        return clone

    def called(operation: Any, *inputs: Any, **options: Any) -> Any:
        if id(operation) in replaced:
            return keras.tree.flatten(inputs)[replaced[id(operation)]]
        return operation(*inputs, **options)

    shorter = cloned(model, clone_function=copied, call_function=called)
    old = layers_of(model)
    for path, layer in layers_of(shorter).items():
        layer.set_weights([np.asarray(weight) for weight in old[path].weights])
    return shorter
