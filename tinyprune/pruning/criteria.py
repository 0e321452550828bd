"""How much each weight matters: a criterion gives every weight of a kernel a score, and the lowest go first."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
Criterion = Callable[[FloatArray], FloatArray]


def magnitude(kernel: FloatArray) -> FloatArray:
    """|w|, shaped like the kernel (Han et al., Learning both Weights and Connections, NeurIPS 2015)."""
    return np.abs(kernel)


CRITERIA: dict[str, Criterion] = {"magnitude": magnitude}
