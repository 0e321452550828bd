"""Removes the layers whose outputs nobody needs, and the tensors and constants that no layer is left for."""

from __future__ import annotations

from dataclasses import replace

from tinyprune import ir
from tinyprune.ir import Graph, Layer


def remove_unused(graph: Graph) -> Graph:
    """`graph` with what its outputs depend on, and its inputs; without a memory plan."""
    needed, kept = {*graph.outputs}, list[Layer]()
    for layer in reversed(graph.layers):
        if layer.output in needed:
            needed |= {*ir.layer_inputs(layer)}
            kept.append(layer)
    known = needed | {*graph.inputs}
    return replace(
        graph,
        tensors={name: tensor for name, tensor in graph.tensors.items() if name in known},
        layers=tuple(reversed(kept)),
        constants={name: values for name, values in graph.constants.items() if name in known},
        arena=None,
    )
