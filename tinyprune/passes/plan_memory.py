"""Places activations and scratch in one arena. An output takes the place of its input where the kernel allows it."""

from __future__ import annotations

from dataclasses import replace

from tinyprune import kernels
from tinyprune.ir import Arena, Graph, Placement
from tinyprune.passes.offsets import Block, alive, extent, lower_bound, place
from tinyprune.passes.share_places import blocks, share_places


def plan_memory(graph: Graph) -> Graph:
    """`graph` with its arena."""
    scratch = _scratch(graph)
    shared = share_places(graph, list(scratch.values()))
    activations, same = blocks(graph, shared)
    places = place([*activations, *scratch.values()], same)
    arena = Arena(
        bytes=extent(places),
        activation_bytes=min(extent(place(activations, same)), extent(places)),
        tensors={name: _inside(places[name], inset) for name, (_, inset) in shared.items()},
        scratch={layer: places[block.name] for layer, block in scratch.items()},
    )
    return replace(graph, arena=arena)


def liveness_bound(graph: Graph) -> int:
    """The most bytes of activations that are alive in one layer: no plan with these places shared takes less."""
    return lower_bound(*blocks(graph, share_places(graph, list(_scratch(graph).values()))))


def alive_bytes(graph: Graph) -> list[int]:
    """The bytes of activations and scratch that are needed while each layer runs."""
    scratch = list(_scratch(graph).values())
    activations, same = blocks(graph, share_places(graph, scratch))
    needed = alive([*activations, *scratch], same)
    return [needed[step] for step in range(len(graph.layers))]


def activations_alive(graph: Graph) -> list[int]:
    """The bytes of activations alone that are needed while each layer runs."""
    activations, same = blocks(graph, share_places(graph, []))
    needed = alive(activations, same)
    return [needed[step] for step in range(len(graph.layers))]


def _inside(block: Placement, inset: int) -> Placement:
    return Placement(block.offset + inset, block.bytes - inset)


def _scratch(graph: Graph) -> dict[str, Block]:
    """By layer: what its kernel needs besides input and output."""
    return {
        layer.name: Block(f"scratch {layer.name}", needed, step, step)
        for step, layer in enumerate(graph.layers)
        if (needed := kernels.scratch_bytes(layer, graph))
    }
