"""Which channels (indices of the last axis) of each tensor stay."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Mask: TypeAlias = NDArray[np.bool_]
Live: TypeAlias = Mapping[str, Mask]
