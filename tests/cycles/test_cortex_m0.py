"""Each line of the tables of Cortex-M0 (ARM DDI0432C) and Cortex-M0+ (ARM DDI0484C): they are two."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest
from programs import Program, assembled, assemblers, cycles

from tinyprune.cycles import cortex_m0
from tinyprune.cycles.decode import Kind


class Both(NamedTuple):
    """One program, and its cycles on the Cortex-M0 and on the Cortex-M0+."""

    rule: str
    assembly: str
    code: str
    m0: int
    m0plus: int
    count: int = 1
    taken: int = 0

    @property
    def program(self) -> Program:
        return Program(self.rule, self.assembly, self.code, self.m0, count=self.count, taken=self.taken)


PROGRAMS = (
    Both("data processing", "adds r0, #1; lsls r1, r0, #3; uxtb r2, r1", "0130c100cab2", 3, 3),
    Both("multiply", "muls r0, r1, r0", "4843", 1, 1),
    Both("load", "ldr r0, [r1]", "0868", 2, 2),
    Both("load: not pipelined", "ldr r0, [r1]; ldrb r2, [r3, r4]", "08681a5d", 2 + 2, 2 + 2),
    Both("load: a literal", "ldr r0, [pc, #8]", "0248", 2, 2),
    Both("load: no interlock", "adds r1, #4; ldr r0, [r1]", "04310868", 1 + 2, 1 + 2),
    Both("store", "str r0, [r1]; strb r2, [r3, r4]", "08601a55", 2 + 2, 2 + 2),
    Both("ldm", "ldm r0!, {r1, r2, r3}", "0ec8", 1 + 3, 1 + 3),
    Both("stm", "stm r0!, {r1, r2}", "06c0", 1 + 2, 1 + 2),
    Both("push", "push {r4, r5, r6, lr}", "70b5", 1 + 4, 1 + 4),
    Both("pop", "pop {r4, r5}", "30bc", 1 + 2, 1 + 2),
    Both("pop that returns", "pop {r4, r5, pc}", "30bd", 4 + 3, 3 + 3, taken=1),
    Both("branch: not taken", "beq .", "fed0", 1, 1),
    Both("branch: taken", "beq .", "fed0", 3, 2, taken=1),
    Both("branch: always", "b .", "fee7", 3, 2, taken=1),
    Both("branch: call", "bl .", "fff7feff", 4, 3, taken=1),
    Both("branch: return", "bx lr", "7047", 3, 2, taken=1),
    Both("branch: indirect call", "blx r3", "9847", 3, 2, taken=1),
    Both("branch: mov", "mov pc, r3", "9f46", 3, 2, taken=1),
    Both("branch: add", "add pc, r3", "9f44", 3, 2, taken=1),
    Both("special register", "mrs r0, primask", "eff31080", 4, 3),
    Both("special register: written", "msr primask, r0", "80f31088", 4, 3),
    Both("interrupts off", "cpsid i", "72b6", 1, 1),
    Both("barriers", "dmb sy; dsb sy; isb sy", "bff35f8fbff34f8fbff36f8f", 12, 9),
    Both("loop of 4", "0: subs r3, #1; bne 0b", "013bfdd1", 4 * 2 + 3 * 2, 4 * 2 + 3 * 1, count=4, taken=3),
)


@pytest.mark.parametrize("both", PROGRAMS, ids=lambda both: both.rule)
def test_cycles_are_those_of_the_manuals(both: Both) -> None:
    assert cycles(both.program, cortex_m0.M0) == both.m0
    assert cycles(both.program, cortex_m0.M0PLUS) == both.m0plus


@pytest.mark.parametrize("assembler", assemblers())
def test_machine_code_is_what_the_assembly_says(assembler: str, tmp_path: Path) -> None:
    programs = [both.program for both in PROGRAMS]
    assert assembled(programs, "cortex-m0", assembler, tmp_path) == "".join(both.code for both in PROGRAMS)


def test_the_kinds_are_those_of_armv6m() -> None:
    missing = set(Kind) - set(cortex_m0.M0_CYCLES)
    assert set(cortex_m0.M0_CYCLES) == set(cortex_m0.M0PLUS_CYCLES)
    assert {kind.value for kind in missing} == {
        "multiply-accumulate",
        "long-multiply",
        "long-multiply-accumulate",
        "divide",
        "table-branch",
        "if-then",
        "float",
        "float-multiply-accumulate",
        "float-divide",
        "float-move",
    }
