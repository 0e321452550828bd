"""Which candidates of a layer are worth measuring: compiling and emulating all would take minutes.

In two rounds. First one candidate of each kernel and format, but those of plain C that cannot win. Then, of each
kernel that came near the fastest, or near the fastest dense one, the other strips and places of weights.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from tinyprune import formats, kernels
from tinyprune.ir import Dense, Graph, Variant, Weighted
from tinyprune.passes.candidates import PREFERRED_ROWS, Candidate, Cost, with_candidate

NEAR = 1.35
"""A kernel whose representative takes that many times the fastest does not win by another strip, which gains 15 %."""
PLACES = ("sram", "buffer", "flash")  # the fastest first

# Cycles that a kernel takes for each weight that its format stores, at each position: the least and the most. On an M4;
# other cores take other times, in about the same ratio. (benchmarks/kernels.py)
Pace = tuple[float, float]
PLAIN: dict[bool, Pace] = {True: (3.5, 7.0), False: (7.0, 15.0)}  # whether the format is dense
FASTER: dict[bool, Pace] = {True: (0.5, 2.5), False: (1.0, 6.0)}
AHEAD_POSITIONS, AHEAD_CYCLES = 8, 4000
"""What a fast kernel does before the first position takes as long as so many positions, where it packs windows, and so
many cycles, at most."""


def worth_a_try(layer: Weighted, graph: Graph, some: Sequence[Candidate], bytes_matter: bool) -> list[Candidate]:
    """Without those of plain C that another candidate beats for certain; where `bytes_matter`, one that takes no more
    of them."""
    stored = {one.format: with_candidate(layer, one) for one in some}
    weighed = [(one, *_weighed(stored[one.format], graph, one)) for one in some]

    def hopeless(one: tuple[Candidate, Pace, int, int]) -> bool:
        candidate, (least, _), flash, scratch = one
        faster = [other for other in weighed if other[1][1] <= least and _rivals(other[0], candidate)]
        return any(not bytes_matter or (other[2] <= flash and other[3] <= scratch) for other in faster)

    return [one[0] for one in weighed if not hopeless(one)]


def representatives(some: Sequence[Candidate]) -> list[Candidate]:
    """Of each format and kernel the candidate that is likely to be near its fastest."""
    return [min(group, key=_likely) for _, group in groupby(some, lambda one: (one.format, one.kernel))]


def finalists(some: Sequence[Candidate], measured: Sequence[Cost], bytes_matter: bool) -> list[Candidate]:
    """What is left of `some` when the representatives are `measured`: these, and all of each kernel that came near."""

    def beaten(one: Cost) -> bool:
        others = [other for other in measured if _rivals(other, one)]
        return any(_far(one, other) and (not bytes_matter or _is_smaller(other, one)) for other in others)

    near = {(one.format, one.kernel) for one in measured if not beaten(one)}
    kept = {one.candidate for one in measured}
    return [one for one in some if one in kept or (one.format, one.kernel) in near]


def _rivals(other: Candidate, one: Candidate) -> bool:
    """Whether `other` may keep `one` from being measured. What is dense gives way to what is dense alone: every choice
    is compared with the best of it."""
    return one.format != "dense" or other.format == "dense"


def _likely(one: Candidate) -> tuple[int, int]:
    return PLACES.index(one.weights), abs(one.rows - PREFERRED_ROWS)


def _far(one: Cost, other: Cost) -> bool:
    return one.cycles is not None and other.cycles is not None and one.cycles > NEAR * other.cycles


def _is_smaller(one: Cost, other: Cost) -> bool:
    return one.flash_bytes <= other.flash_bytes and one.scratch_bytes <= other.scratch_bytes


def _weighed(layer: Weighted, graph: Graph, one: Candidate) -> tuple[Pace, int, int]:
    """What `layer`, which is in this format, takes of cycles, of flash and of scratch, about."""
    plain = one.kernel == kernels.KERNELS[type(layer), one.format][0].function
    least, most = (PLAIN if plain else FASTER)[one.format == "dense"]
    positions, ahead = math.prod(graph.tensors[layer.output].shape[:-1]), 0 if plain else AHEAD_CYCLES
    packed = 0 if plain or isinstance(layer, Dense) else AHEAD_POSITIONS
    count = max(array.size for array in layer.weights.arrays.values())
    made = replace(layer, variant=Variant(one.kernel, one.rows, one.weights))
    pace = least * count * positions, most * count * (positions + packed) + ahead
    return pace, formats.nbytes(layer.weights), kernels.scratch_bytes(made, graph)
