"""Keeps pruned weights at zero while Keras trains. Imports Keras: import this module only once Keras is needed."""

from collections.abc import Mapping
from typing import Any

import keras

from tinyprune.errors import TinypruneError, unknown_name
from tinyprune.pruning.granularities import BoolArray
from tinyprune.pruning.kernels import prunable_kernels


class MaskKeeper(keras.callbacks.Callback):
    """A callback for `fit` that zeroes the removed weights of `model` before training and after each batch.

    Optimizers move removed weights (gradients flow to them, and momentum lasts), so that zeroing once is not enough.
    `masks` holds, by layer name as in `PruningResult.masks`, arrays shaped like the kernel, True where a weight stays.
    """

    def __init__(self, model: "keras.Model", masks: Mapping[str, BoolArray]) -> None:
        super().__init__()
        self._kernels = prunable_kernels(model)
        self._kept: dict[str, Any] = {}
        self.update(masks)

    def update(self, masks: Mapping[str, BoolArray]) -> None:
        """Sets the masks of the named layers and applies them. Raises TinypruneError for a wrong name or shape."""
        for name, mask in masks.items():
            if name not in self._kernels:
                raise unknown_name("prunable layer", name, self._kernels)
            shape = tuple(self._kernels[name].shape)
            if mask.shape != shape:
                raise TinypruneError(f"the mask of layer '{name}' is {mask.shape}, its kernel is {shape}")
            self._kept[name] = keras.ops.convert_to_tensor(mask)
        self.apply()

    def apply(self) -> None:
        """Zeroes the removed weights now."""
        for name, kept in self._kept.items():
            kernel = self._kernels[name]
            # not a product, which would leave -0.0, and NaN where a weight diverged
            kernel.assign(keras.ops.where(kept, kernel, 0.0))

    def on_train_begin(self, logs: object = None) -> None:
        """Zeroes what was assigned since the masks were set."""
        self.apply()

    def on_train_batch_end(self, batch: int, logs: object = None) -> None:
        """Zeroes what the optimizer moved."""
        self.apply()
