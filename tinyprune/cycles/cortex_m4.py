"""Cortex-M4 with or without FPU: Cortex-M4 Technical Reference Manual, ARM DDI0439D.

Not modelled beyond `three_stage`, as int8 kernels hardly do it: use the result of a floating-point instruction in the
next one (+1, 7.2.3), or let integer instructions overtake a VDIV or VSQRT.
"""

from __future__ import annotations

from tinyprune.cycles.decode import Kind
from tinyprune.cycles.three_stage import three_stage

# Table 3-1 of 3.3.1, table 3-2 for the DSP extension, table 7-1 of 7.2.3 for the FPU; where the value is not simply
# theirs, the comment says why.
CYCLES: dict[Kind, int] = {
    Kind.ALU: 1,
    Kind.MULTIPLY: 1,
    Kind.MULTIPLY_ACCUMULATE: 1,
    Kind.LONG_MULTIPLY: 1,
    Kind.LONG_MULTIPLY_ACCUMULATE: 1,
    Kind.DIVIDE: 6,  # 2 to 12, by the operands' values (note a), which are not known here: a middling one
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
    Kind.FLOAT: 1,
    Kind.FLOAT_MULTIPLY_ACCUMULATE: 3,
    Kind.FLOAT_DIVIDE: 14,
    Kind.FLOAT_MOVE: 0,  # 2 in the table even for one word, which takes 1: https://compendium.i-0.nl, "FPU registers"
}

# As docs/measuring_validation.md found it, rounded up.
CLAIM = (
    "timing tables of ARM DDI0439D; beside published hardware figures: assembly +-2 %, compiled C +-7 % typical and "
    "+-21 % worst, whole models behind cached flash +-6 % typical and +-12 % worst"
)
MODEL = three_stage("cortex-m4", CLAIM, CYCLES)
