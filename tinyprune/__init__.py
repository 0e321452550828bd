"""tinyprune: pruned neural networks on Cortex-M microcontrollers, bit-exact and measured.

`analyze`, `build`, `compare`, `profile`, `run` and `validate` are the commands of the same name; they are imported when
they are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from tinyprune.pipeline import analyze, build, compare, profile, run, validate

__all__ = ["__version__", "analyze", "build", "compare", "profile", "run", "validate"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from tinyprune import pipeline

        return getattr(pipeline, name)
    raise AttributeError(f"module 'tinyprune' has no attribute '{name}'")
