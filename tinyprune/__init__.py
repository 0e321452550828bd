"""tinyprune: pruned neural networks on Cortex-M microcontrollers, bit-exact and measured.

`analyze`, `build`, `compare`, `profile`, `run` and `validate` are the commands of the same name; they are imported when
they are first used, and so is `advise`. `prune`, `PruningCallback`, `sensitivity`, `allocate` and `compress` work on
Keras models.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from tinyprune.advice import advise
    from tinyprune.allocation import allocate
    from tinyprune.compression import compress
    from tinyprune.pipeline import analyze, build, compare, profile, run, validate
    from tinyprune.pruning import PruningCallback, prune
    from tinyprune.pruning.sensitivity import sensitivity

_ELSEWHERE = {
    "PruningCallback": "pruning",
    "advise": "advice",
    "allocate": "allocation",
    "compress": "compression",
    "prune": "pruning",
    "sensitivity": "pruning.sensitivity",
}
__all__ = [
    "PruningCallback",
    "__version__",
    "advise",
    "allocate",
    "analyze",
    "build",
    "compare",
    "compress",
    "profile",
    "prune",
    "run",
    "sensitivity",
    "validate",
]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from importlib import import_module

        return getattr(import_module(f"tinyprune.{_ELSEWHERE.get(name, 'pipeline')}"), name)
    raise AttributeError(f"module 'tinyprune' has no attribute '{name}'")
