"""Cortex-M0 and Cortex-M0+: Technical Reference Manuals ARM DDI0432C and ARM DDI0484C, table 3-1 of 3.3 in both.

Two tables: the Cortex-M0+ has two stages of pipeline, not three, and refills them one cycle sooner. In neither does an
instruction's time depend on its neighbours. The multiplier is the fast one, which takes one cycle: the core can be had
with one that takes 32 (note a), but hardly any chip has it. Loads and stores take 2 cycles, as those of memory do: the
Cortex-M0+ accesses its single-cycle I/O port in 1 (note b).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tinyprune.cycles.decode import Instruction, Kind
from tinyprune.cycles.model import CycleModel

_SAME: dict[Kind, int] = {
    Kind.ALU: 1,
    Kind.MULTIPLY: 1,
    Kind.LOAD: 2,
    Kind.STORE: 2,
    Kind.LOAD_MULTIPLE: 1,
    Kind.STORE_MULTIPLE: 1,
    Kind.BRANCH: 1,
    Kind.CALL: 2,
    Kind.BRANCH_INDIRECT: 1,
    Kind.CHANGE_STATE: 1,
}
M0_CYCLES = {**_SAME, Kind.BARRIER: 4, Kind.SYSTEM: 4}
M0PLUS_CYCLES = {**_SAME, Kind.BARRIER: 3, Kind.SYSTEM: 3}
M0_REFILL, M0PLUS_REFILL = 2, 1
POP_REFILL = 1  # a POP that returns takes 4 + N or 3 + N, where one that does not takes 1 + N: one more than the refill


def _model(name: str, claim: str, cycles: Mapping[Kind, int], refill_cycles: int) -> CycleModel:
    def straight(instructions: Sequence[Instruction]) -> tuple[int, ...]:
        return tuple(cycles[one.kind] + one.words for one in instructions)

    def refill(last: Instruction) -> int:
        if not last.writes_pc:
            return 0
        return refill_cycles + (POP_REFILL if last.kind is Kind.LOAD_MULTIPLE else 0)

    return CycleModel(name, claim, straight, refill, entry=lambda first: 0)


M0 = _model(
    "cortex-m0", "timing table of ARM DDI0432C, fast multiplier; not validated against hardware", M0_CYCLES, M0_REFILL
)
M0PLUS = _model(
    "cortex-m0plus",
    "timing table of ARM DDI0484C, fast multiplier; not validated against hardware",
    M0PLUS_CYCLES,
    M0PLUS_REFILL,
)
