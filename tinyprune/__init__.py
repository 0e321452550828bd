"""tinyprune: pruned neural networks on Cortex-M microcontrollers, bit-exact and measured.

`analyze`, `build`, `check`, `compare`, `profile`, `run` and `validate` are the commands of the same name, `compare_all`
is `compare` of several models and builds; they are imported when first used, and so is `advise`. `prune`,
`PruningCallback`, `sensitivity`, `allocate` and `compress` work on Keras models, in Python.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from tinyprune.advice import advise
    from tinyprune.allocation import allocate
    from tinyprune.comparing import compare_all
    from tinyprune.compression import compress
    from tinyprune.limits import check
    from tinyprune.pipeline import analyze, build, compare, profile, run, validate
    from tinyprune.pruning import PruningCallback, prune
    from tinyprune.pruning.sensitivity import sensitivity

__all__ = [
    "PruningCallback",
    "__version__",
    "advise",
    "allocate",
    "analyze",
    "build",
    "check",
    "compare",
    "compare_all",
    "compress",
    "profile",
    "prune",
    "run",
    "sensitivity",
    "validate",
]
_HOMES = {
    "PruningCallback": "pruning",
    "advise": "advice",
    "allocate": "allocation",
    "check": "limits",
    "compare_all": "comparing",
    "compress": "compression",
    "prune": "pruning",
    "sensitivity": "pruning.sensitivity",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'tinyprune' has no attribute '{name}'")
    return getattr(importlib.import_module(f"tinyprune.{_HOMES.get(name, 'pipeline')}"), name)
