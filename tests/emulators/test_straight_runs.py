"""Where a block ends: after what can branch, and with its page of code."""

import struct

import pytest

from tinyprune.emulators.straight_runs import blocks_of

NOP, WIDE_NOP = 0xBF00, 0xF3AF_8000


def code(*instructions: int) -> bytes:
    words = (struct.pack("<HH", i >> 16, i & 0xFFFF) if i > 0xFFFF else struct.pack("<H", i) for i in instructions)
    return b"".join(words)


@pytest.mark.parametrize(
    "branch",
    [
        pytest.param(0xD0FE, id="beq"),
        pytest.param(0xE7FE, id="b"),
        pytest.param(0xB110, id="cbz"),
        pytest.param(0xBB10, id="cbnz"),
        pytest.param(0x4770, id="bx lr"),
        pytest.param(0x4798, id="blx r3"),
        pytest.param(0xBD10, id="pop {r4, pc}"),
        pytest.param(0x4697, id="mov pc, r2"),
        pytest.param(0x449F, id="add pc, r3"),
        pytest.param(0xBEAB, id="bkpt"),
        pytest.param(0xF000_F800, id="bl"),
        pytest.param(0xF000_B800, id="b.w"),
        pytest.param(0xF43F_AFFE, id="beq.w"),
        pytest.param(0xE8BD_8010, id="pop.w {r4, pc}"),
        pytest.param(0xE8DF_F003, id="tbb"),
        pytest.param(0xE8DF_F013, id="tbh"),
        pytest.param(0xF85D_FB04, id="ldr pc, [sp], #4"),
    ],
)
def test_what_can_branch_ends_a_block(branch: int) -> None:
    size = len(code(branch))
    assert list(blocks_of(0x1000, code(NOP, branch, NOP))) == [(0x1000, 2 + size), (0x1002 + size, 2)]


@pytest.mark.parametrize(
    "instruction",
    [
        pytest.param(0xBF08, id="it eq"),
        pytest.param(0xBC10, id="pop {r4}"),
        pytest.param(0xB510, id="push {r4, lr}"),
        pytest.param(0x4610, id="mov r0, r2"),
        pytest.param(WIDE_NOP, id="nop.w"),
        pytest.param(0xF3EF_8000, id="mrs"),
        pytest.param(0xF3BF_8F4F, id="dsb"),
        pytest.param(0xE8BD_4010, id="pop.w {r4, lr}"),
        pytest.param(0xE92D_8010, id="a store of r15"),
        pytest.param(0xF85D_4B04, id="ldr r4, [sp], #4"),
        pytest.param(0xE8D0_3F4F, id="ldrexb"),
    ],
)
def test_what_cannot_does_not(instruction: int) -> None:
    whole = code(NOP, instruction, NOP)
    assert list(blocks_of(0x1000, whole)) == [(0x1000, len(whole))]


def test_a_page_of_code_ends_a_block() -> None:
    assert list(blocks_of(0x13FC, code(NOP, NOP, NOP))) == [(0x13FC, 4), (0x1400, 2)]


def test_an_instruction_across_the_end_of_a_page_is_a_block() -> None:
    assert list(blocks_of(0x13FC, code(NOP, WIDE_NOP, NOP))) == [(0x13FC, 2), (0x13FE, 4), (0x1402, 2)]
