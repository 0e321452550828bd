"""What each candidate of each layer costs: a frozen `Costs` for `choose`."""

from tinyprune.passes.candidates import Costs
from tinyprune.tuning.estimate import estimate
from tinyprune.tuning.tune import Setting, tune

__all__ = ["Costs", "Setting", "estimate", "tune"]
