"""Activations that lie in the arena as the next layer's kernel reads them: as int16, so that it packs nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

from tinyprune import kernels
from tinyprune.ir import Graph, Layer, Weighted
from tinyprune.passes.plan_memory import plan_memory
from tinyprune.passes.readers import read_once


def widen(graph: Graph, fits: Callable[[Graph], bool]) -> Graph:
    """`graph`, whose kernels are chosen and whose memory is planned, with each activation wide whose only writer and
    only reader have twins for that: all of them if that plan `fits`, else as many as do, the largest first."""
    able = sorted(_able(graph), key=lambda name: (-graph.tensors[name].size, name))
    every = _widened(graph, able)
    if able and fits(every):
        return every
    taken = list[str]()
    for name in able:
        if fits(_widened(graph, [*taken, name])):
            taken.append(name)
    return _widened(graph, taken) if taken else graph


def as_stored(graph: Graph) -> Graph:
    """`graph` with each activation wide that its kernel writes so."""
    wide = {layer.output for layer in graph.layers if kernels.kernel(layer).writes_wide}
    tensors = {name: replace(tensor, wide=name in wide) for name, tensor in graph.tensors.items()}
    return replace(graph, tensors=tensors, arena=None)


def _able(graph: Graph) -> set[str]:
    twins = {layer.name: kernels.kernel(layer).wide for layer in graph.layers}
    fitting = [(layer, twin) for layer in graph.layers if (twin := twins[layer.name]) and not twin.unfit(layer, graph)]
    written = {layer.output for layer, twin in fitting if twin.writes_wide}
    read = {layer.input for layer, twin in fitting if twin.reads_wide}
    return written & read & read_once(graph)


def _widened(graph: Graph, names: Collection[str]) -> Graph:
    def changed(layer: Layer) -> Layer:
        twin = kernels.kernel(layer).wide
        if not twin or not isinstance(layer, Weighted):
            return layer
        wide = layer.output in names if twin.writes_wide else layer.input in names
        return replace(layer, variant=replace(layer.variant, kernel=twin.function)) if wide else layer

    return plan_memory(as_stored(replace(graph, layers=tuple(map(changed, graph.layers)))))
