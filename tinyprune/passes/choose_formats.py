"""Gives each layer's weights the storage format with the lowest cost."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from tinyprune import formats, ir, kernels
from tinyprune.errors import unknown_name
from tinyprune.ir import Graph, Layer, Weighted


@dataclass(frozen=True)
class Costs:
    """What each candidate costs: layer name, then format name, in `unit`."""

    unit: str
    of: Mapping[str, Mapping[str, int]]


def choose_formats(graph: Graph, costs: Costs) -> Graph:
    """`graph` with every layer in its cheapest format; a tie goes to the format that comes first in FORMATS."""

    def chosen(layer: Weighted) -> Layer:
        candidates = costs.of[layer.name]
        best = min(candidates, key=lambda name: (candidates[name], list(formats.FORMATS).index(name)))
        others = (f"{name} {cost:,}" for name, cost in candidates.items() if name != best)
        compared = f"{best} {candidates[best]:,} {costs.unit}"
        rest = ", ".join(others)
        return _in_format(layer, best, f"{compared}, against {rest}" if rest else f"{best} is the only one")

    return _map_weighted(graph, chosen)


def force_format(graph: Graph, name: str) -> Graph:
    """`graph` with every layer that can run in the format `name` in it; the others as they are."""
    if name not in formats.FORMATS:
        raise unknown_name("format", name, [*formats.FORMATS, "auto"])

    def forced(layer: Weighted) -> Layer:
        if name in kernels.formats_for(layer):
            return _in_format(layer, name, f"{name} was asked for")
        return _in_format(layer, layer.weights.format, f"{ir.op_name(layer)} has no {name} kernel")

    return _map_weighted(graph, forced)


def _map_weighted(graph: Graph, change: Callable[[Weighted], Layer]) -> Graph:
    layers = tuple(change(layer) if isinstance(layer, ir.Weighted) else layer for layer in graph.layers)
    return replace(graph, layers=layers)


def _in_format(layer: Weighted, name: str, reason: str) -> Layer:
    weights = formats.pack(name, formats.unpack(layer.weights), layer.weights.quant, reason)
    return replace(layer, weights=weights)
