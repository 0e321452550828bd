"""Which activations may lie in one place: an output that takes the place of its input."""

from __future__ import annotations

from collections.abc import Mapping

from tinyprune import ir, kernels
from tinyprune.ir import Graph, Layer


def hosts(layer: Layer, graph: Graph) -> tuple[str, ...]:
    """The inputs of `layer` at whose offset its output may begin, if they are not needed after it: its kernel allows
    it, and the output is not longer."""
    size = graph.tensors[layer.output].bytes
    inputs = kernels.kernel(layer).in_place(layer)
    return tuple(name for name in inputs if name not in graph.constants and size <= graph.tensors[name].bytes)


def is_view(layer: Layer, graph: Graph) -> bool:
    """Whether the output holds the same bytes as the input: then both may be needed after it, in one place."""
    return isinstance(layer, ir.Reshape) and layer.input not in graph.constants


def pairs(graph: Graph, lifetimes: Mapping[str, tuple[int, int]]) -> set[tuple[str, str]]:
    """Those that may overlap where they begin at one offset, though both are alive (`lifetimes`) in some step: views
    of the same bytes, and an output with the input whose place it takes."""
    views: dict[str, list[str]] = {}  # of one activation: itself and all its views, in one list
    allowed: set[tuple[str, str]] = set()
    for step, layer in enumerate(graph.layers):
        if is_view(layer, graph):
            one = views.setdefault(layer.input, [layer.input])
            allowed |= {(name, layer.output) for name in one}
            one.append(layer.output)
            views[layer.output] = one
        else:
            allowed |= {(name, layer.output) for name in hosts(layer, graph) if lifetimes[name][1] <= step}
    return allowed
