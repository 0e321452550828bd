"""The memory plan of a build, as `report.json` has it: what lies where in the arena, and while which layers."""

from __future__ import annotations

from dataclasses import dataclass

from tinyprune.ir import Graph
from tinyprune.passes.verify import live_ranges

ACTIVATION, SCRATCH = "activation", "scratch"


@dataclass(frozen=True)
class PlannedBlock:
    """`bytes` bytes from `offset` on. `first` and `last` are indices of layers: -1 is before the first layer, where
    inputs are written, and the number of layers after the last one, where outputs are read. `name` is that of the
    activation, or of the layer whose scratch it is; `wide`: its values are stored as int16."""

    name: str
    kind: str
    offset: int
    bytes: int
    first: int
    last: int
    wide: bool = False


@dataclass(frozen=True)
class MemoryPlan:
    """`bytes` is the length of the arena. Blocks that overlap while both are needed lie in place of each other."""

    bytes: int
    blocks: tuple[PlannedBlock, ...]


def memory_plan(graph: Graph) -> MemoryPlan:
    """The plan of `graph`, its activations by first use, then the scratch of its layers."""
    assert graph.arena is not None
    arena, lifetimes = graph.arena, live_ranges(graph)
    activations = [
        PlannedBlock(name, ACTIVATION, place.offset, place.bytes, *lifetimes[name], graph.tensors[name].wide)
        for name, place in arena.tensors.items()
    ]
    scratch = [
        PlannedBlock(layer.name, SCRATCH, arena.scratch[layer.name].offset, arena.scratch[layer.name].bytes, step, step)
        for step, layer in enumerate(graph.layers)
        if layer.name in arena.scratch
    ]
    return MemoryPlan(arena.bytes, tuple(sorted(activations, key=lambda block: block.first) + scratch))
