"""Pruning of Keras 3 models. Importing this room imports no Keras; calling `prune` does."""

from tinyprune.pruning.pruning import PruningResult, prune

__all__ = ["PruningResult", "prune"]
