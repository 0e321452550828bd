"""Computes the layers that depend on constants alone, once and here, instead of at each inference."""

from __future__ import annotations

from dataclasses import replace

from tinyprune import ir, reference
from tinyprune.ir import Graph, Layer
from tinyprune.passes.intervals import can_analyze


def fold_constant_layers(graph: Graph) -> Graph:
    """`graph` with the outputs of such layers as constants; without a memory plan.

    What they were computed from stays, for `remove_unused`. A model output stays computed: it needs a place in the
    arena. So does what is too large to compute here, and what remembers: it changes.
    """
    constants, left = dict(graph.constants), list[Layer]()
    for layer in graph.layers:
        known = all(name in constants for name in ir.layer_inputs(layer)) and layer.output not in graph.outputs
        if known and not isinstance(layer, ir.Stateful) and can_analyze(layer, graph):
            constants[layer.output] = reference.run_layer(layer, graph, constants)
        else:
            left.append(layer)
    return replace(graph, layers=tuple(left), constants=constants, arena=None)
