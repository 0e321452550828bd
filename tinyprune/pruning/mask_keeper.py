"""Keeps pruned weights at zero while Keras trains. Imports Keras: import this module only once Keras is needed."""

from collections.abc import Mapping
from typing import Any

import keras

from tinyprune.errors import TinypruneError, unknown_name
from tinyprune.pruning.groups import BoolArray
from tinyprune.pruning.weights import weights_of


class MaskKeeper(keras.callbacks.Callback):
    """A callback for `fit` that zeroes the removed weights of `model` before training and after each batch.

    Optimizers move removed weights (gradients flow to them, and momentum lasts), so that zeroing once is not enough.
    `masks` holds, by weight name as in `PruningResult.masks` (`conv/kernel`), arrays shaped like the weight, True where
    an element stays. In a training loop of your own, call `apply` after each step of the optimizer.
    """

    def __init__(self, model: "keras.Model", masks: Mapping[str, BoolArray]) -> None:
        super().__init__()
        self._weights = weights_of(model)
        self._kept: dict[str, Any] = {}
        self.update(masks)

    def update(self, masks: Mapping[str, BoolArray]) -> None:
        """Sets the masks of the named weights and applies them. Raises TinypruneError for a wrong name or shape."""
        for name, mask in masks.items():
            if name not in self._weights:
                raise unknown_name("weight", name, self._weights)
            shape = tuple(self._weights[name].shape)
            if mask.shape != shape:
                raise TinypruneError(f"the mask of '{name}' is {mask.shape}, the weight is {shape}")
            self._kept[name] = keras.ops.convert_to_tensor(mask)
        self.apply()

    def apply(self) -> None:
        """Zeroes the removed weights now."""
        for name, kept in self._kept.items():
            weight = self._weights[name]
            # not a product, which would leave -0.0, and NaN where a weight diverged
            weight.assign(keras.ops.where(kept, weight, 0.0))

    def on_train_begin(self, logs: object = None) -> None:
        """Zeroes what was assigned since the masks were set."""
        self.apply()

    def on_train_end(self, logs: object = None) -> None:
        """Zeroes what an optimizer with `use_ema` put back: when training ends, weights become their averages."""
        self.apply()

    def on_train_batch_end(self, batch: int, logs: object = None) -> None:
        """Zeroes what the optimizer moved."""
        self.apply()
