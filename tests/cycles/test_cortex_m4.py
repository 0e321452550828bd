"""Each rule of the Cortex-M4 model on a program that it decides, whose cycles are counted by hand from ARM DDI0439D."""

from __future__ import annotations

from pathlib import Path

import pytest
from programs import Program, assembled, assemblers, cycles, leaving, passing

from tinyprune.cycles import cortex_m4
from tinyprune.cycles.decode import Kind

DOT = "0: ldr r3, [r0], #4; ldr r4, [r1], #4; smlad r2, r3, r4, r2; subs r5, #1; bne 0b"
DOT_CODE = "50f8043b51f8044b23fb0422013df7d1"

PROGRAMS = (
    # 1 each
    passing(
        "data processing",
        "adds r0, #1; mul r1, r0, r0; smlad r2, r0, r1, r2; smlal r4, r5, r6, r7; ssat r0, #8, r1",
        "013000fb00f120fb0122c6fb074501f30700",
        5,
    ),
    passing("load", "ldr r0, [r1]", "0868", 2),
    passing("load: pipelined after a load", "ldr r0, [r1]; ldr r2, [r3]", "08681a68", 2 + 1),
    passing("load: three", "ldr r0, [r1, r5]; ldr r1, [r2]; ldr r2, [r3, #4]", "485911685a68", 2 + 1 + 1),
    passing("load: address from the load before", "ldr r0, [r1]; ldr r2, [r0]", "08680268", 2 + 2),
    passing("load: updated base", "ldrsb r0, [r1], #1; ldrsb r2, [r1], #1", "11f9010b11f9012b", 2 + 1),
    passing("load: not the one before", "ldr r0, [r1]; adds r2, #1; ldr r3, [r4]", "086801322368", 2 + 1 + 2),
    passing("load: not after a pair", "ldrd r0, r1, [r2]; ldr r3, [r4]", "d2e900012368", 3 + 2),
    passing("load: FPU", "vldr s0, [r0]; vldr s1, [r0, #4]", "90ed000ad0ed010a", 2 + 1),
    passing("store", "str r0, [r1]; strb r2, [r3, r4]", "08601a55", 1 + 1),
    passing("store: FPU", "vstr s0, [r0]", "80ed000a", 1),
    # 1 + N
    passing("ldm", "ldm r0!, {r1, r2, r3}", "0ec8", 4),
    passing("stm", "stm r0!, {r1, r2}", "06c0", 3),
    passing("push", "push {r4, r5, r6, lr}", "70b5", 5),
    passing("pop", "pop {r4, r5}", "30bc", 3),
    passing("ldrd", "ldrd r0, r1, [r2]", "d2e90001", 3),
    passing("strd", "strd r0, r1, [r2]", "c2e90001", 3),
    passing("vldr of a double", "vldr d0, [r0]", "90ed000b", 3),
    passing("vstr of a double", "vstr d0, [r0]", "80ed000b", 3),
    passing("vldm", "vldmia r0!, {s0, s1, s2, s3}", "b0ec040a", 5),
    passing("vpush of doubles", "vpush {d8, d9}", "2ded048b", 5),
    passing("sdiv", "sdiv r0, r1, r2", "91fbf2f0", 6),
    passing("udiv", "udiv r0, r1, r2", "b1fbf2f0", 6),
    passing("vadd", "vadd.f32 s0, s1, s2", "30ee810a", 1),
    passing("vmla", "vmla.f32 s0, s1, s2", "00ee810a", 3),
    passing("vfma", "vfma.f32 s0, s1, s2", "a0ee810a", 3),
    passing("vdiv", "vdiv.f32 s0, s1, s2", "80ee810a", 14),
    passing("vsqrt", "vsqrt.f32 s0, s1", "b1eee00a", 14),
    passing("vmov within the FPU", "vmov s0, s1", "b0ee600a", 1),
    passing("vmov of one core register", "vmov r9, s0", "10ee109a", 1),
    passing("vmov of two core registers", "vmov r0, r1, d0", "51ec100b", 2),
    passing("barrier", "dsb sy", "bff34f8f", 4),
    passing("special register", "mrs r0, primask", "eff31080", 2),
    passing("it: folds onto 16 bits", "cmp r0, r1; it eq; moveq r2, r3", "884208bf1a46", 1 + 0 + 1),
    passing("it: not onto 32 bits", "cmp.w r0, r1; it eq; moveq r2, r3", "b0eb010f08bf1a46", 1 + 1 + 1),
    passing("it: not at the beginning", "it eq; moveq r2, r3", "08bf1a46", 1 + 1),
    passing("interlock: base", "adds r1, #4; ldr r0, [r1]", "04310868", 1 + 3),
    passing("interlock: index", "adds r2, #4; ldr r0, [r1, r2]", "04328858", 1 + 3),
    passing("interlock: store", "adds r1, #4; str r0, [r1]", "04310860", 1 + 2),
    passing("interlock: not what is stored", "adds r0, #4; str r0, [r1]", "04300860", 1 + 1),
    passing("interlock: stack", "sub sp, #8; push {r4}", "82b010b4", 1 + 3),
    passing("interlock: multiple", "add.w r0, r0, r1; ldm r0!, {r1, r2}", "00eb010006c8", 1 + 4),
    passing("interlock: only just before", "adds r1, #4; nop; ldr r0, [r1]", "043100bf0868", 1 + 1 + 2),
    passing("branch: not taken", "beq .", "fed0", 1),
    leaving("branch", "b .", "fee7", 1 + 1),
    leaving("branch: conditional", "beq .", "fed0", 1 + 1),
    leaving("branch: cbz", "cbz r0, 0f", "08b1", 1 + 1),  # to the label after the next
    leaving("branch: call", "bl .", "fff7feff", 1 + 1),
    leaving("branch: return", "0: bx lr", "7047", 1 + 2),
    leaving("branch: indirect call", "blx r3", "9847", 1 + 2),
    leaving("branch: mov", "mov pc, r3", "9f46", 1 + 2),
    leaving("branch: pop", "pop {r4, pc}", "10bd", 3 + 2),
    leaving("branch: ldr", "ldr pc, [sp], #4", "5df804fb", 2 + 3),
    leaving("branch: ldr is not pipelined", "ldr r0, [r1]; ldr pc, [r2]", "0868d2f800f0", 2 + 2 + 3),
    leaving("branch: table", "tbb [pc, r0]", "dfe800f0", 2 + 1 + 3),
    leaving("branch: not by an instruction that cannot", "adds r0, r1, r2", "8818", 1),
    Program("target: wide, not aligned", "add.w r0, r1, r2", "01eb0200", 1 + 1, entered=1, offset=2),
    Program("target: wide, aligned", "add.w r0, r1, r2", "01eb0200", 1, entered=1),
    Program("target: narrow, not aligned", "adds r0, r1, r2", "8818", 1, entered=1, offset=2),
    Program("target: only if jumped to", "add.w r0, r1, r2", "01eb0200", 1, offset=2),
    Program("loop of 4", "0: subs r3, #1; bne 0b", "013bfdd1", 4 * 2 + 3, count=4, taken=3, entered=3),
    Program("dot product of 10", DOT, DOT_CODE, 10 * (2 + 1 + 1 + 1 + 1) + 9, count=10, taken=9, entered=9),
    Program("the same, not aligned", DOT, DOT_CODE, 10 * 6 + 9 + 9, count=10, taken=9, entered=9, offset=2),
)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.rule)
def test_cycles_are_those_of_the_manual(program: Program) -> None:
    assert cycles(program, cortex_m4.MODEL) == program.cycles


@pytest.mark.parametrize("assembler", assemblers())
def test_machine_code_is_what_the_assembly_says(assembler: str, tmp_path: Path) -> None:
    code = "".join(program.code for program in PROGRAMS)
    assert assembled(PROGRAMS, "cortex-m4f", assembler, tmp_path) == code


def test_every_kind_has_cycles() -> None:
    assert set(cortex_m4.CYCLES) == set(Kind)
