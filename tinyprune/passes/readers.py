"""Who reads what."""

from __future__ import annotations

from collections import Counter

from tinyprune import ir
from tinyprune.ir import Graph


def read_once(graph: Graph) -> set[str]:
    """The activations that exactly one operand of one layer needs: no other layer, and not the model's caller."""
    readers = Counter(name for layer in graph.layers for name in ir.layer_inputs(layer))
    return {name for name, count in readers.items() if count == 1} - {*graph.outputs}
