"""Pruning of Keras 3 models. Importing this room imports no Keras; using it does."""

from typing import TYPE_CHECKING, Any

from tinyprune.pruning.pruning import PruningResult, prune

if TYPE_CHECKING:
    from tinyprune.pruning.callback import PruningCallback
    from tinyprune.pruning.mask_keeper import MaskKeeper

__all__ = ["MaskKeeper", "PruningCallback", "PruningResult", "prune"]


def __getattr__(name: str) -> Any:
    match name:
        case "PruningCallback":
            from tinyprune.pruning.callback import PruningCallback

            return PruningCallback
        case "MaskKeeper":
            from tinyprune.pruning.mask_keeper import MaskKeeper

            return MaskKeeper
        case _:
            raise AttributeError(f"module 'tinyprune.pruning' has no attribute '{name}'")
