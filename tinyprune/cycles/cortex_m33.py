"""Cortex-M33, priced by the Cortex-M4's table.

Arm publishes no timings for it: the Cortex-M33 Technical Reference Manual (ARM 100230) tells of a pipeline of three
stages that can issue some pairs of 16-bit instructions together, and gives no cycles. So nothing here departs from the
Cortex-M4's table, and the claim says how far that is to be trusted.
"""

from __future__ import annotations

from tinyprune.cycles import cortex_m4
from tinyprune.cycles.three_stage import three_stage

MODEL = three_stage(
    "cortex-m33", "by the Cortex-M4's tables, as Arm publishes none: +-15 % at best, not validated", cortex_m4.CYCLES
)
