"""What a cycle model is: three pure functions for the three ways in which a block of instructions costs time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tinyprune.cycles.decode import Instruction


@dataclass(frozen=True)
class CycleModel:
    """The timing of one core that never waits for its memory; `cycles.flash` prices the waiting.

    `claim` is one line, to be printed beside every figure: what is modelled, and how far it is to be trusted.
    `straight` gives the cycles of each instruction of a block, executed in order, where no branch is taken; `refill`
    what is added when a block is left for elsewhere, given its last instruction; `entry` what is added when a block is
    jumped to, given its first.
    """

    name: str
    claim: str
    straight: Callable[[Sequence[Instruction]], tuple[int, ...]]
    refill: Callable[[Instruction], int]
    entry: Callable[[Instruction], int]
