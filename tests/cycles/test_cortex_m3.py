"""Where the Cortex-M3 differs from the Cortex-M4, and where not: counted by hand from ARM DDI0337I."""

from __future__ import annotations

from pathlib import Path

import pytest
from programs import Program, assembled, assemblers, cycles, leaving, passing

from tinyprune.cycles import cortex_m3, cortex_m4
from tinyprune.cycles.decode import Kind

MAC = "0: ldr r3, [r0], #4; ldr r4, [r1], #4; mla r2, r3, r4, r2; subs r5, #1; bne 0b"
MAC_CODE = "50f8043b51f8044b03fb0422013df7d1"

PROGRAMS = (
    passing("data processing", "adds r0, #1; mul r1, r0, r0; ssat r0, #8, r1", "013000fb00f101f30700", 3),
    passing("multiply-accumulate", "mla r0, r1, r2, r3; mls r0, r1, r2, r3", "01fb023001fb1230", 2 + 2),
    passing("long multiply", "smull r0, r1, r2, r3; umull r0, r1, r2, r3", "82fb0301a2fb0301", 4 + 4),
    passing("long multiply-accumulate", "smlal r0, r1, r2, r3; umlal r0, r1, r2, r3", "c2fb0301e2fb0301", 6 + 6),
    passing("divide", "sdiv r0, r1, r2", "91fbf2f0", 6),
    passing("load: pipelined after a load", "ldr r0, [r1]; ldr r2, [r3]", "08681a68", 2 + 1),
    passing("load: address from the load before", "ldr r0, [r1]; ldr r2, [r0]", "08680268", 2 + 2),
    passing("load, then a store of it", "ldr r0, [r1, r2]; str r0, [r3, #20]", "88585861", 2 + 1),
    passing("ldm of three", "ldm r0!, {r1, r2, r3}", "0ec8", 4),
    passing("stm", "stm r0!, {r1, r2}", "06c0", 3),
    passing("ldrd", "ldrd r0, r1, [r2]", "d2e90001", 3),
    passing("interlock: base", "adds r1, #4; ldr r0, [r1]", "04310868", 1 + 3),
    passing("it: folds onto 16 bits", "cmp r0, r1; it eq; moveq r2, r3", "884208bf1a46", 1 + 0 + 1),
    passing("it: not onto 32 bits", "cmp.w r0, r1; it eq; moveq r2, r3", "b0eb010f08bf1a46", 1 + 1 + 1),
    passing("barrier", "dsb sy", "bff34f8f", 4),
    passing("special register", "mrs r0, primask", "eff31080", 2),
    passing("interrupts off", "cpsid i", "72b6", 2),
    passing("branch: not taken", "beq .", "fed0", 1),
    leaving("branch", "b .", "fee7", 1 + 1),
    leaving("branch: call", "bl .", "fff7feff", 1 + 1),
    leaving("branch: return", "bx lr", "7047", 1 + 2),
    leaving("branch: pop", "pop {r4, pc}", "10bd", 3 + 2),
    leaving("branch: table", "tbb [pc, r0]", "dfe800f0", 2 + 1 + 3),
    Program("target: wide, not aligned", "add.w r0, r1, r2", "01eb0200", 1 + 1, entered=1, offset=2),
    Program("multiply-accumulate of 10", MAC, MAC_CODE, 10 * (2 + 1 + 2 + 1 + 1) + 9, count=10, taken=9, entered=9),
)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.rule)
def test_cycles_are_those_of_the_manual(program: Program) -> None:
    assert cycles(program, cortex_m3.MODEL) == program.cycles


@pytest.mark.parametrize("assembler", assemblers())
def test_machine_code_is_what_the_assembly_says(assembler: str, tmp_path: Path) -> None:
    code = "".join(program.code for program in PROGRAMS)
    assert assembled(PROGRAMS, "cortex-m3", assembler, tmp_path) == code


def test_every_kind_that_the_core_has_is_there() -> None:
    floats = {Kind.FLOAT, Kind.FLOAT_MULTIPLY_ACCUMULATE, Kind.FLOAT_DIVIDE, Kind.FLOAT_MOVE}
    assert set(cortex_m3.CYCLES) == set(Kind) - floats


def test_only_the_multiplier_is_another_than_the_cortex_m4s() -> None:
    other = {kind for kind, count in cortex_m3.CYCLES.items() if count != cortex_m4.CYCLES[kind]}
    assert other == {Kind.MULTIPLY_ACCUMULATE, Kind.LONG_MULTIPLY, Kind.LONG_MULTIPLY_ACCUMULATE}
