"""Gives sums the kernel that multiplies twice: on cores with DSP less than half of the time of the plain one."""

from __future__ import annotations

from dataclasses import replace

from tinyprune import kernels
from tinyprune.ir import Add, Graph, Layer, Sub
from tinyprune.kernels import sum_level


def level_sums(graph: Graph, features: frozenset[str]) -> Graph:
    """`graph` with each sum so for which that is proved, as far as a core with `features` has what it takes."""

    def changed(layer: Layer) -> Layer:
        if isinstance(layer, Add | Sub) and kernels.can_run(sum_level.SUM.function, layer, graph, features):
            return replace(layer, kernel=sum_level.SUM.function)
        return layer

    return replace(graph, layers=tuple(map(changed, graph.layers)))
