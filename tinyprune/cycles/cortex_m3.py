"""Cortex-M3: Cortex-M3 Technical Reference Manual, ARM DDI0337I. Its pipeline is that of the Cortex-M4, its multiplier
is not, and it has neither the DSP extension nor an FPU."""

from __future__ import annotations

from tinyprune.cycles.decode import Kind
from tinyprune.cycles.three_stage import three_stage

# Table 3-1 of 3.3.1; where the value is not simply its, the comment says why.
CYCLES: dict[Kind, int] = {
    Kind.ALU: 1,
    Kind.MULTIPLY: 1,
    Kind.MULTIPLY_ACCUMULATE: 2,
    Kind.LONG_MULTIPLY: 4,  # 3 to 5, by the operands' sizes (note a), which are not known here: the middle
    Kind.LONG_MULTIPLY_ACCUMULATE: 6,  # 4 to 7, likewise
    Kind.DIVIDE: 6,  # 2 to 12, by the operands' values (note b), likewise: a middling one
    Kind.LOAD: 2,
    Kind.STORE: 1,  # 2 in the table, but the second overlaps with the next instruction (3.3.2)
    Kind.LOAD_MULTIPLE: 1,
    Kind.STORE_MULTIPLE: 1,
    Kind.BRANCH: 1,
    Kind.CALL: 1,
    Kind.BRANCH_INDIRECT: 1,
    Kind.TABLE_BRANCH: 3,  # 2 for the load and 1 for the addition (3.3.2)
    Kind.IF_THEN: 1,
    Kind.BARRIER: 4,  # 1 + B, where B is 0 or more; for ISB a refill of up to 3
    Kind.SYSTEM: 2,  # 1 or 2
    Kind.CHANGE_STATE: 2,  # 1 or 2
}

MODEL = three_stage(
    "cortex-m3",
    "timing tables of ARM DDI0337I, long multiplies at a middling size; not validated against hardware",
    CYCLES,
)
