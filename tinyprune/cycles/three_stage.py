"""The three-stage pipeline that Cortex-M3 and Cortex-M4 share, in front of their different tables.

Sections are those of the Cortex-M4 Technical Reference Manual, ARM DDI0439D; the Cortex-M3's, ARM DDI0337I, says the
same under the same numbers. Not modelled:

- what executed blocks do not tell: accesses that are not aligned (+1 or +2, 3.3.2), that an IT skips an instruction (it
  is priced as executed), the pipeline across the border of two blocks;
- what the manual does not quantify: literal loads that contend with the fetch unit (3.3.2), wide loads on odd halfwords
  that pair badly (3.3.1 note b).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from tinyprune.cycles.decode import Instruction, Kind
from tinyprune.cycles.model import CycleModel

# P, "1 to 3 depending on the alignment and width of the target instruction, and whether the processor manages to
# speculate the address early" (3.3.1): a direct branch lets it, an address from a register or from memory does not.
# LDR, TBB and TBH to the PC block: "three cycles for the pipeline reload" (3.3.2).
DIRECT_REFILL = 1
INDIRECT_REFILL = 2
BLOCKING_REFILL = 3
UNALIGNED_TARGET = 1
INTERLOCK = 1
PIPELINED = 1

_DIRECT = (Kind.BRANCH, Kind.CALL)
_BLOCKING = (Kind.LOAD, Kind.TABLE_BRANCH)
_DATA_PROCESSING = (
    Kind.ALU,
    Kind.MULTIPLY,
    Kind.MULTIPLY_ACCUMULATE,
    Kind.LONG_MULTIPLY,
    Kind.LONG_MULTIPLY_ACCUMULATE,
    Kind.DIVIDE,
)


def three_stage(name: str, claim: str, cycles: Mapping[Kind, int]) -> CycleModel:
    """The model of a core whose instructions take `cycles`, to which the words that a multiple moves are added."""

    def straight(instructions: Sequence[Instruction]) -> tuple[int, ...]:
        first = tuple(cycles[one.kind] + one.words for one in instructions[:1])
        return first + tuple(_after(previous, one, cycles) for previous, one in pairwise(instructions))

    return CycleModel(name, claim, straight, refill, entry)


def refill(last: Instruction) -> int:
    """The cycles P that a taken branch adds to its own (3.3.1); `last` ends a block that was left for elsewhere."""
    if not last.writes_pc:
        return 0
    if last.kind in _BLOCKING:
        return BLOCKING_REFILL
    return DIRECT_REFILL if last.kind in _DIRECT else INDIRECT_REFILL


def entry(first: Instruction) -> int:
    """One more cycle of P where the target `first` is wide and not word aligned: it takes two fetches (3.3.1)."""
    return UNALIGNED_TARGET if first.is_wide and first.address % 4 else 0


def _after(previous: Instruction, one: Instruction, cycles: Mapping[Kind, int]) -> int:
    """The cycles of `one` when it follows `previous` in the pipeline."""
    if _folds(previous, one):
        return 0
    alone = cycles[one.kind] + one.words
    return alone - PIPELINED * _pipelines(previous, one) + INTERLOCK * _interlocks(previous, one)


def _folds(previous: Instruction, one: Instruction) -> bool:
    """An IT is folded onto a preceding 16-bit instruction, and then takes no cycle (3.3.1 note d)."""
    return one.kind is Kind.IF_THEN and not previous.is_wide and previous.kind is not Kind.IF_THEN


def _pipelines(previous: Instruction, one: Instruction) -> bool:
    """A load overlaps with the one before it, unless it branches, or its address is what that one loads (3.3.2)."""
    loads = previous.kind is Kind.LOAD and one.kind is Kind.LOAD
    return loads and not one.writes_pc and not previous.results & one.address_registers


def _interlocks(previous: Instruction, one: Instruction) -> bool:
    """An address that the data processing instruction just before has computed stalls: it is not forwarded (3.3.2)."""
    return previous.kind in _DATA_PROCESSING and bool(previous.results & one.address_registers)
