"""What is removed as one piece: a granularity turns the scores of a kernel into a mask."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from tinyprune.pruning.criteria import FloatArray

BoolArray = NDArray[np.bool_]
Granularity = Callable[[FloatArray, int], BoolArray]


def element(scores: FloatArray, removed: int) -> BoolArray:
    """True where a weight stays: all but the `removed` lowest scores. Of equal scores the first in memory go first."""
    kept = np.ones(scores.size, dtype=np.bool_)
    kept[np.argsort(scores, axis=None, kind="stable")[:removed]] = False
    return np.reshape(kept, scores.shape)


GRANULARITIES: dict[str, Granularity] = {"element": element}
