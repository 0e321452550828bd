"""Does away with tables: a clamp becomes the clamp of the layer before it, a table of a table one table."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tinyprune import ir
from tinyprune.ir import Clamp, Graph, Layer
from tinyprune.passes.readers import read_once
from tinyprune.reference import lookup

Clamping = ir.Weighted | ir.Binary | ir.MaxPool | ir.AveragePool


def fuse_lookups(graph: Graph) -> Graph:
    """`graph` with fewer tables; without a memory plan. The values in between, which nobody else reads, are gone."""
    alone, layers = read_once(graph), list[Layer]()
    computed: dict[str, int] = {}  # which of `layers` computes an activation
    for layer in graph.layers:
        before = computed.get(layer.input) if layer.input in alone else None
        fused = _fused(layers[before], layer, graph) if before is not None and isinstance(layer, ir.Lut) else None
        if before is None or fused is None:
            before, fused = len(layers), layer
        layers[before : before + 1] = [fused]
        computed[layer.output] = before
    gone = {layer.output for layer in graph.layers} - {layer.output for layer in layers}
    tensors = {name: tensor for name, tensor in graph.tensors.items() if name not in gone}
    return replace(graph, tensors=tensors, layers=tuple(layers), arena=None)


def _fused(before: Layer, table: ir.Lut, graph: Graph) -> Layer | None:
    """One layer that computes what `before` and then `table` compute."""
    source, target = graph.tensors[table.input], graph.tensors[table.output]
    if source.shape != target.shape:
        return None
    if isinstance(before, ir.Lut):
        both = table.table[before.table.astype(np.int64) + 128]
        return replace(table, input=before.input, kind=f"{before.kind}_{table.kind}", table=both)
    clamp = lookup.clamp_of(table.table)
    if not isinstance(before, Clamping) or clamp is None or source.quant != target.quant:
        return None  # with another scale the layer before would round to other values
    return replace(before, output=table.output, clamp=_narrowed(before.clamp, clamp))


def _narrowed(first: Clamp, second: Clamp) -> Clamp:
    """First the one, then the other."""
    low, high = (min(max(end, second[0]), second[1]) for end in first)
    return low, high
