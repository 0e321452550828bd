"""N:M weights: of each M neighbours of a row at most N are not zero."""

from __future__ import annotations

from tinyprune.formats.nm import NM
from tinyprune.ir import Graph, Weighted
from tinyprune.kernels.kernel import Operand


def pattern(layer: Weighted) -> NM:
    """That of its format, `nm_N_M`."""
    kept, group = map(int, layer.weights.format.removeprefix("nm_").split("_"))
    return NM(kept, group)


def as_stored(layer: Weighted, graph: Graph) -> Operand:
    """The arrays of the format as they are, and N and M."""
    known = pattern(layer)
    return Operand("tp_nm_weights", layer.weights.arrays, {"kept": known.kept, "group": known.group})
