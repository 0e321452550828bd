"""Which activations may lie in one place: an output in the place of its input, and parts in their whole.

The planner asks before it places, `verify` afterwards.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from tinyprune import ir, kernels
from tinyprune.ir import BlockCopy, Graph, Layer, Move, Placement
from tinyprune.passes.offsets import ALIGNMENT

Run = tuple[str, int]
"""An activation, and how many bytes into it."""


@dataclass(frozen=True)
class Spot:
    """Something in the arena, from the first to the last step that needs it."""

    name: str
    place: Placement
    start: int
    end: int


@dataclass(frozen=True)
class Sharing:
    """What may overlap though both are alive: runs of one activation, where each lies where it belongs; and an output
    that begins where an input does whose last reader computes it."""

    runs: Mapping[str, Run]
    in_place: frozenset[tuple[str, str]]  # input, output

    @staticmethod
    def of(graph: Graph, lifetimes: Mapping[str, tuple[int, int]]) -> Sharing:
        whole = parts(graph)
        pairs = frozenset(
            (name, layer.output)
            for step, layer in enumerate(graph.layers)
            for name in hosts(layer, graph)
            if lifetimes[name][1] <= step
        )
        return Sharing({name: _outermost((name, 0), whole) for name in lifetimes}, pairs)

    def clash(self, one: Spot, other: Spot) -> bool:
        """Whether one is written over while it is needed."""
        together = one.start <= other.end and other.start <= one.end
        common = one.place.offset < other.place.end and other.place.offset < one.place.end
        return together and common and not self._allows(one, other)

    def _allows(self, one: Spot, other: Spot) -> bool:
        apart = other.place.offset - one.place.offset
        if apart == 0 and {(one.name, other.name), (other.name, one.name)} & self.in_place:
            return True
        (whole, begins), (also, begins_also) = (self.runs.get(spot.name, (spot.name, 0)) for spot in (one, other))
        return whole == also and apart == begins_also - begins


def hosts(layer: Layer, graph: Graph) -> tuple[str, ...]:
    """The inputs of `layer` at whose offset its output may begin, if they are not needed after it: its kernel allows
    it, and the output is not longer."""
    size = graph.tensors[layer.output].bytes
    inputs = kernels.kernel(layer).in_place(layer)
    return tuple(name for name in inputs if name not in graph.constants and size <= graph.tensors[name].bytes)


def parts(graph: Graph) -> dict[str, Run]:
    """Of each activation whose values are a run of another's: the other, and where the run begins.

    What is reshaped, or cut out in one piece, is part of where it comes from. What is joined end to end is part of the
    outcome, unless it, or what it is a view of, is part of something else. Runs begin at multiples of ALIGNMENT.
    """
    found: dict[str, Run] = {}
    for layer in graph.layers:
        begin = view_offset(layer, graph)
        if begin is not None:
            found[layer.output] = (layer.input, begin)
        elif isinstance(layer, Move):
            for copy in _joined(layer, graph):
                name = layer.inputs[copy.source]
                whole, inset = _outermost((name, 0), found)
                if inset == 0 and graph.tensors[whole].bytes == graph.tensors[name].bytes:
                    found[whole] = (layer.output, copy.output_offset)
    return found


def view_offset(layer: Layer, graph: Graph) -> int | None:
    """Where in its input the bytes are that the output of `layer` consists of, if they are there in one piece."""
    if layer.input in graph.constants:
        return None
    if isinstance(layer, ir.Reshape):
        return 0
    if not isinstance(layer, Move) or len(layer.copies) != 1 or layer.fill is not None:
        return None
    (copy,) = layer.copies
    return copy.input_offset if _is_run(copy) and copy.input_offset % ALIGNMENT == 0 else None


def _joined(layer: Move, graph: Graph) -> list[BlockCopy]:
    """The copies of whole inputs, each in one piece."""
    if layer.fill is not None:
        return []
    sizes = [0 if name in graph.constants else graph.tensors[name].bytes for name in layer.inputs]
    whole = [copy for copy in layer.copies if _is_run(copy) and math.prod(copy.shape) == sizes[copy.source]]
    return [copy for copy in whole if copy.output_offset % ALIGNMENT == 0]


def _is_run(copy: BlockCopy) -> bool:
    return copy.input_strides == copy.output_strides == (1,)


def _outermost(run: Run, whole: Mapping[str, Run]) -> Run:
    name, offset = run
    while name in whole:
        name, begin = whole[name]
        offset += begin
    return name, offset
