"""What a storage format can hold of any weights."""

import numpy as np

from tinyprune.formats import FORMATS
from tinyprune.formats.nm import NM
from tinyprune.ir import Int8


def holdable(name: str, values: Int8) -> Int8:
    """`values` without what the format called `name` cannot hold: N:M formats have room for N of M neighbours."""
    module = FORMATS[name].module
    if not isinstance(module, NM):
        return values
    matrix = values.reshape(len(values), -1).copy()
    for start in range(0, matrix.shape[1], module.group):
        part = matrix[:, start : start + module.group]
        part[np.cumsum(part != 0, axis=1) > module.kept] = 0
    return matrix.reshape(values.shape)
