"""Places activations and scratch in one arena. An output takes the place of its input where the kernel allows it."""

from __future__ import annotations

from dataclasses import replace

from tinyprune import kernels
from tinyprune.ir import Arena, Graph
from tinyprune.passes.offsets import Block, alive, extent, lower_bound, place
from tinyprune.passes.sharing import hosts, is_view
from tinyprune.passes.verify import live_ranges


def plan_memory(graph: Graph) -> Graph:
    """`graph` with its arena."""
    activations, scratch = _activations(graph), _scratch(graph)
    same = shared(graph)
    places = place([*activations, *scratch.values()], same)
    arena = Arena(
        bytes=extent(places),
        activation_bytes=min(extent(place(activations, same)), extent(places)),
        tensors={block.name: places[block.name] for block in activations},
        scratch={layer: places[block.name] for layer, block in scratch.items()},
    )
    return replace(graph, arena=arena)


def liveness_bound(graph: Graph) -> int:
    """The most bytes of activations that are alive in one layer: no plan for this order of layers takes less."""
    return lower_bound(_activations(graph), shared(graph))


def alive_bytes(graph: Graph) -> list[int]:
    """The bytes of activations and scratch that are needed while each layer runs."""
    needed = alive([*_activations(graph), *_scratch(graph).values()], shared(graph))
    return [needed[step] for step in range(len(graph.layers))]


def shared(graph: Graph) -> dict[str, str]:
    """The activations that begin where another does, and which: views, and outputs in place of an input that ends."""
    last = {name: end for name, (_, end) in live_ranges(graph).items()}
    same: dict[str, str] = {}
    needed = dict(last)  # of the first activation of a place: the last step in which any there is needed
    for step, layer in enumerate(graph.layers):
        heads = [_head(name, same) for name in ([layer.input] if is_view(layer, graph) else hosts(layer, graph))]
        head = next((one for one in heads if is_view(layer, graph) or needed[one] <= step), None)
        if head is not None:
            same[layer.output] = head
            needed[head] = max(needed[head], last[layer.output])
    return same


def _head(name: str, same: dict[str, str]) -> str:
    return same.get(name, name)


def _activations(graph: Graph) -> list[Block]:
    return [Block(name, graph.tensors[name].bytes, start, end) for name, (start, end) in live_ranges(graph).items()]


def _scratch(graph: Graph) -> dict[str, Block]:
    """By layer: what its kernel needs besides input and output."""
    return {
        layer.name: Block(f"scratch {layer.name}", needed, step, step)
        for step, layer in enumerate(graph.layers)
        if (needed := kernels.scratch_bytes(layer, graph))
    }
