"""Gives each layer the fastest of its format's kernels that fits the core and the layer."""

from __future__ import annotations

from dataclasses import replace

from tinyprune import ir, kernels
from tinyprune.ir import Graph, Layer

PREFERRED_ROWS = 4  # of a strip: more gain little, and take scratch


def choose_kernels(graph: Graph, features: frozenset[str]) -> Graph:
    """`graph` for a core with `features`, of `board.FEATURES`: KERNELS lists the kernels of a format by speed."""

    def chosen(layer: Layer) -> Layer:
        if not isinstance(layer, ir.Weighted):
            return layer
        variants = kernels.variants(layer, graph, features)
        fastest = [one for one in variants if one.kernel == variants[-1].kernel]
        return replace(layer, variant=min(fastest, key=lambda one: abs(one.rows - PREFERRED_ROWS)))

    return replace(graph, layers=tuple(map(chosen, graph.layers)))
