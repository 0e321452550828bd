"""What each candidate of each layer costs: a frozen `Costs` for `choose`."""

from tinyprune.tuning.estimate import estimate
from tinyprune.tuning.tune import Setting, tune

__all__ = ["Setting", "estimate", "tune"]
