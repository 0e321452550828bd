"""An image that holds many candidates of many layers, each to be called by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from tinyprune import kernels
from tinyprune.board import Board, Region
from tinyprune.ir import Arena, Graph, Int8, Placement, Tensor, Weighted
from tinyprune.passes.candidates import Candidate, with_candidate
from tinyprune.passes.choice_program import aligned

ROOMY_BYTES = 1 << 24


@dataclass(frozen=True, eq=False)
class Trial:
    """A layer of a model as one of its candidates runs it, its input (1, ...), and what its output must be."""

    layer: Weighted
    candidate: Candidate
    input: Int8
    expected: Int8


def trial(layer: Weighted, candidate: Candidate, values: Mapping[str, Int8]) -> Trial:
    """`values` is each tensor of the model, by name."""
    return Trial(with_candidate(layer, candidate), candidate, values[layer.input], values[layer.output])


def name(number: int) -> str:
    """What a bench calls its trial of that number."""
    return f"candidate_{number}"


def bench(graph: Graph, trials: Sequence[Trial]) -> Graph:
    """The trials as layers, all with one place for their inputs, one for their outputs and one for their scratch.

    Not a valid graph: no layer reads what another writes.
    """
    tensors: dict[str, Tensor] = {}
    layers: list[Weighted] = []
    for number, one in enumerate(trials):
        for end, tensor in (("input", one.layer.input), ("output", one.layer.output)):
            tensors[f"{end} {number}"] = replace(graph.tensors[tensor], name=f"{end} {number}")
        ends = {"input": f"input {number}", "output": f"output {number}"}
        layers.append(replace(one.layer, name=name(number), **ends))
    made = Graph("bench", tensors, tuple(layers), ("input 0",), ("output 0",))
    return replace(made, arena=_arena(made))


def _arena(graph: Graph) -> Arena:
    sizes = {name: tensor.bytes for name, tensor in graph.tensors.items()}
    scratch = {layer.name: kernels.scratch_bytes(layer, graph) for layer in graph.layers}
    output = aligned(max(size for name, size in sizes.items() if name.startswith("input")))
    work = output + aligned(max(size for name, size in sizes.items() if name.startswith("output")))
    return Arena(
        bytes=work + aligned(max(scratch.values())),
        activation_bytes=work,
        tensors={name: Placement(0 if name.startswith("input") else output, size) for name, size in sizes.items()},
        scratch={name: Placement(work, size) for name, size in scratch.items() if size},
    )


def roomy(board: Board) -> Board:
    """`board` with as much memory at the same addresses as a bench may need."""
    return replace(board, memory={name: _enlarged(region, board) for name, region in board.memory.items()})


def _enlarged(region: Region, board: Board) -> Region:
    """Up to the next region at most."""
    above = [other.origin - region.origin for other in board.memory.values() if other.origin > region.origin]
    return Region(region.origin, max(region.bytes, min([ROOMY_BYTES, *above])))
