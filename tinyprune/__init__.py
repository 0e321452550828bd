"""tinyprune: pruned neural networks on Cortex-M microcontrollers, bit-exact and measured.

`analyze`, `build`, `compare`, `profile`, `run` and `validate` are the commands of the same name; they are imported when
they are first used. `prune` and `PruningCallback` work on Keras models, in Python.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from tinyprune.pipeline import analyze, build, compare, profile, run, validate
    from tinyprune.pruning import PruningCallback, prune

__all__ = ["PruningCallback", "__version__", "analyze", "build", "compare", "profile", "prune", "run", "validate"]


def __getattr__(name: str) -> Any:
    if name in ("prune", "PruningCallback"):
        from tinyprune import pruning

        return getattr(pruning, name)
    if name in __all__:
        from tinyprune import pipeline

        return getattr(pipeline, name)
    raise AttributeError(f"module 'tinyprune' has no attribute '{name}'")
