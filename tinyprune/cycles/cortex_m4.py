"""Cortex-M4 with or without FPU, at zero wait states: Cortex-M4 Technical Reference Manual, ARM DDI0439D.

Not modelled:

- what executed blocks do not tell: accesses that are not aligned (+1 or +2, 3.3.2), that an IT skips an instruction (it
  is priced as executed), the pipeline across the border of two blocks;
- what the manual does not quantify: literal loads that contend with the fetch unit (3.3.2), wide loads on odd halfwords
  that pair badly (3.3.1 note b);
- what int8 kernels hardly do: use the result of a floating-point instruction in the next one (+1, 7.2.3), or let
  integer instructions overtake a VDIV or VSQRT.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from tinyprune.cycles.decode import Instruction, Kind
from tinyprune.cycles.model import CycleModel

# To these, the words that a multiple moves are added. Table 3-1 of 3.3.1, table 3-2 for the DSP extension, table 7-1 of
# 7.2.3 for the FPU; where the value is not simply theirs, the comment says why.
CYCLES: dict[Kind, int] = {
    Kind.ALU: 1,
    Kind.MULTIPLY: 1,
    Kind.MULTIPLY_ACCUMULATE: 1,
    Kind.DIVIDE: 6,  # 2 to 12, by the operands' values (note a), which are not known here: a middling one
    Kind.LOAD: 2,
    Kind.STORE: 1,  # 2 in the table, but the second overlaps with the next instruction (3.3.2)
    Kind.LOAD_MULTIPLE: 1,
    Kind.STORE_MULTIPLE: 1,
    Kind.BRANCH: 1,
    Kind.CALL: 1,
    Kind.BRANCH_INDIRECT: 1,
    Kind.TABLE_BRANCH: 2,
    Kind.IF_THEN: 1,
    Kind.BARRIER: 4,  # 1 + B, where B is 0 or more; for ISB a refill of up to 3
    Kind.SYSTEM: 2,  # 1 or 2
    Kind.FLOAT: 1,
    Kind.FLOAT_MULTIPLY_ACCUMULATE: 3,
    Kind.FLOAT_DIVIDE: 14,
    Kind.FLOAT_MOVE: 0,  # 2 in the table even for one word, which takes 1: https://compendium.i-0.nl, "FPU registers"
}

# P, "1 to 3 depending on the alignment and width of the target instruction, and whether the processor manages to
# speculate the address early" (3.3.1): a direct branch lets it, an address from a register or from memory does not.
DIRECT_REFILL = 1
INDIRECT_REFILL = 2
UNALIGNED_TARGET = 1
INTERLOCK = 1
PIPELINED = 1

_DIRECT = (Kind.BRANCH, Kind.CALL)
_DATA_PROCESSING = (Kind.ALU, Kind.MULTIPLY, Kind.MULTIPLY_ACCUMULATE, Kind.DIVIDE)


def straight(instructions: Sequence[Instruction]) -> tuple[int, ...]:
    """The cycles of each instruction of a block in which no branch is taken."""
    first = tuple(CYCLES[one.kind] + one.words for one in instructions[:1])
    return first + tuple(_after(previous, one) for previous, one in pairwise(instructions))


def refill(last: Instruction) -> int:
    """The cycles P that a taken branch adds to its own (3.3.1); `last` ends a block that was left for elsewhere."""
    if not last.writes_pc:
        return 0
    return DIRECT_REFILL if last.kind in _DIRECT else INDIRECT_REFILL


def entry(first: Instruction) -> int:
    """One more cycle of P where the target `first` is wide and not word aligned: it takes two fetches (3.3.1)."""
    return UNALIGNED_TARGET if first.is_wide and first.address % 4 else 0


def _after(previous: Instruction, one: Instruction) -> int:
    """The cycles of `one` when it follows `previous` in the pipeline."""
    if _folds(previous, one):
        return 0
    cycles = CYCLES[one.kind] + one.words - (PIPELINED if _pipelines(previous, one) else 0)
    return cycles + (INTERLOCK if _interlocks(previous, one) else 0)


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


MODEL = CycleModel(
    name="cortex-m4",
    claim="core cycles at zero wait states, without flash stalls; not yet validated against hardware by this project",
    straight=straight,
    refill=refill,
    entry=entry,
)
