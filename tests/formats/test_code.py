"""The format `code` is what a disassembler reads as the instructions that its description names."""

import capstone
import numpy as np
import pytest

from tinyprune.formats import code
from tinyprune.ir import Int8

LISTING = """
ldrb r0, [r3, #0x1f]
movs r2, #0x39
muls r2, r0, r2
adds r4, r4, r2
subs r5, r5, r0
adds r3, #0x20
ldrb r0, [r3, #4]
rsbs r1, r0, #0
lsls r2, r0, #7
subs r7, r7, r2
lsls r2, r1, #3
add r8, r2
add lr, r1
adds r3, #0xe0
adds r3, #0xc0
ldrb r0, [r3]
movs r2, #0x7f
muls r2, r0, r2
add ip, r2
mov r0, pc
pop {pc}
ldrb r0, [r3, #1]
adds r4, r4, r0
mov r0, pc
pop {pc}
"""


def example() -> Int8:
    """Eleven rows: two groups. In their columns each kind of weight, above and below what a load and a step reach."""
    matrix = np.zeros((11, 500), np.int8)
    matrix[[0, 1], 31] = 57, -1
    matrix[[3, 4, 9], 36] = -128, -8, -1
    matrix[8, 448] = 127
    matrix[10, 1] = 1
    return matrix


def disassembled(instructions: bytes) -> str:
    core = capstone.Cs(capstone.CS_ARCH_ARM, capstone.CS_MODE_THUMB | capstone.CS_MODE_MCLASS)
    return "\n".join(f"{one.mnemonic} {one.op_str}" for one in core.disasm(instructions, 0))


def test_the_instructions() -> None:
    packed = code.pack(example())
    assert disassembled(packed["instructions"].tobytes()) == LISTING.strip()
    np.testing.assert_array_equal(code.unpack(packed, (11, 500)), example())


@pytest.mark.parametrize("row", range(11))
def test_every_weight_of_every_row(row: int) -> None:
    matrix = np.zeros((11, 256), np.int8)
    matrix[row] = np.arange(-128, 128)
    np.testing.assert_array_equal(code.unpack(code.pack(matrix), matrix.shape), matrix)


@pytest.mark.parametrize("gap", [31, 32, 223, 224, 225, 255, 256, 447, 448, 480, 65_000])
def test_columns_far_apart(gap: int) -> None:
    matrix = np.zeros((2, gap + 1), np.int8)
    matrix[1, gap] = 3
    np.testing.assert_array_equal(code.unpack(code.pack(matrix), matrix.shape), matrix)
