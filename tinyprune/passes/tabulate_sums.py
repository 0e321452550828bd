"""Gives sums the kernel that reads tables: 2 KB of flash each, for a few times the speed on cores without DSP."""

from __future__ import annotations

from dataclasses import replace

from tinyprune import kernels
from tinyprune.ir import Add, Graph, Layer, Sub
from tinyprune.kernels import sum_tables

WORTH_IT = 1024  # outputs of a sum: fewer save less than a hundred thousand cycles


def tabulate_sums(graph: Graph, features: frozenset[str], most: int) -> Graph:
    """`graph` with the largest of its sums by tables, as far as a core with `features` is served by that and the tables
    take no more than `most` bytes of flash together."""
    sizes = {layer.name: graph.tensors[layer.output].size for layer in graph.layers if _gains(layer, graph, features)}
    chosen = sorted(sizes, key=lambda name: -sizes[name])[: most // sum_tables.TABLE_BYTES]
    if not chosen:
        return graph

    def changed(layer: Layer) -> Layer:
        if layer.name in chosen and isinstance(layer, Add | Sub):
            return replace(layer, kernel=sum_tables.SUM.function)
        return layer

    return replace(graph, layers=tuple(map(changed, graph.layers)))


def _gains(layer: Layer, graph: Graph, features: frozenset[str]) -> bool:
    if not isinstance(layer, Add | Sub) or graph.tensors[layer.output].size < WORTH_IT:
        return False
    return kernels.can_run(sum_tables.SUM.function, layer, graph, features)
