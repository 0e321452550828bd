from __future__ import annotations

import pytest
from capstone import CS_ARCH_ARM, CS_MODE_THUMB, Cs, arm

from tinyprune.cycles import decode as decoder
from tinyprune.cycles.decode import Instruction, Kind, decode

START = 0x0800_0100


def one(code: str) -> Instruction:
    (instruction,) = decode(START, bytes.fromhex(code))
    return instruction


def test_addresses_and_sizes() -> None:
    # adds r0, #1; smlad r2, r0, r1, r2; bne .-6
    found = decode(START, bytes.fromhex("013020fb0122fbd1"))
    assert [(i.address - START, i.size_bytes, i.kind) for i in found] == [
        (0, 2, Kind.ALU),
        (2, 4, Kind.MULTIPLY_ACCUMULATE),
        (6, 2, Kind.BRANCH),
    ]


@pytest.mark.parametrize(
    ("code", "kind", "results", "address"),
    [
        ("8858", Kind.LOAD, {"r0"}, {"r1", "r2"}),  # ldr r0, [r1, r2]
        ("51f8040b", Kind.LOAD, {"r0"}, {"r1"}),  # ldr r0, [r1], #4: the base is updated, but no result
        ("0968", Kind.LOAD, {"r1"}, {"r1"}),  # ldr r1, [r1]
        ("41f8040f", Kind.STORE, set(), {"r1"}),  # str r0, [r1, #4]!
        ("0ec8", Kind.LOAD_MULTIPLE, {"r1", "r2", "r3"}, {"r0"}),  # ldm r0!, {r1, r2, r3}
        ("06c0", Kind.STORE_MULTIPLE, set(), {"r0"}),  # stm r0!, {r1, r2}
        ("30bc", Kind.LOAD_MULTIPLE, {"r4", "r5"}, {"sp"}),  # pop {r4, r5}
        ("c6fb0745", Kind.LONG_MULTIPLY_ACCUMULATE, {"r4", "r5"}, set()),  # smlal r4, r5, r6, r7
        ("8842", Kind.ALU, set(), set()),  # cmp r0, r1
        ("10ee100a", Kind.FLOAT_MOVE, {"r0"}, set()),  # vmov r0, s0
        ("42e80010", Kind.LOAD, {"r0"}, {"r2"}),  # strex r0, r1, [r2]
        ("b7ee000a", Kind.FLOAT, {"s0"}, set()),  # vmov.f32 s0, #1.0
        ("f1ee10fa", Kind.FLOAT, set(), set()),  # vmrs apsr_nzcv, fpscr
    ],
)
def test_registers(code: str, kind: Kind, results: set[str], address: set[str]) -> None:
    found = one(code)
    assert (found.kind, found.results, found.address_registers) == (kind, results, address)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("0868", 0),  # ldr r0, [r1]
        ("10bd", 2),  # pop {r4, pc}
        ("90e80602", 3),  # ldm.w r0, {r1, r2, r9}
        ("d2e90001", 2),  # ldrd r0, r1, [r2]
        ("b0ec040a", 4),  # vldmia r0!, {s0-s3}
        ("b0ec080b", 8),  # vldmia r0!, {d0-d3}
        ("90ed000b", 2),  # vldr d0, [r0]
        ("10ee109a", 1),  # vmov r9, s0
        ("41ec100b", 2),  # vmov d0, r0, r1
        ("b0ee600a", 0),  # vmov s0, s1
    ],
)
def test_words(code: str, words: int) -> None:
    assert one(code).words == words


@pytest.mark.parametrize(
    ("code", "writes_pc"),
    [
        ("fee7", True),  # b .
        ("fed0", True),  # beq .
        ("00b1", True),  # cbz r0, .+4
        ("fff7feff", True),  # bl .
        ("7047", True),  # bx lr
        ("dfe800f0", True),  # tbb [pc, r0]
        ("9f46", True),  # mov pc, r3
        ("10bd", True),  # pop {r4, pc}
        ("5df804fb", True),  # ldr pc, [sp], #4
        ("0248", False),  # ldr r0, [pc, #8]
        ("30bc", False),  # pop {r4, r5}
        ("abbe", False),  # bkpt 0xab
    ],
)
def test_pc_destination(code: str, writes_pc: bool) -> None:
    assert one(code).writes_pc == writes_pc


def test_conditions_are_those_of_the_it_block() -> None:
    # ite ne; ldrne r0, [r1]; popeq {r4, pc}; adds r0, #1; beq .
    found = decode(START, bytes.fromhex("14bf086810bd0130fed0"))
    assert [i.condition for i in found] == ["", "ne", "eq", "", "eq"]
    assert [i.kind for i in found[:3]] == [Kind.IF_THEN, Kind.LOAD, Kind.LOAD_MULTIPLE]


def test_what_is_unknown_is_alu_of_the_size_its_first_halfword_says() -> None:
    # adds r0, #1; (16 bits: undefined); ldr r0, [r1]; (32 bits: a loop of ARMv8.1-M); bx lr
    found = decode(START, bytes.fromhex("0130" "10b6" "0868" "0ff001c0" "7047"))  # fmt: skip
    assert [i.size_bytes for i in found] == [2, 2, 2, 4, 2]
    assert [i.address - START for i in found] == [0, 2, 4, 6, 10]
    assert [i.kind for i in found] == [Kind.ALU, Kind.ALU, Kind.LOAD, Kind.ALU, Kind.BRANCH_INDIRECT]
    assert found[1] == Instruction(START + 2, 2, Kind.ALU)


def test_decoding_is_cached() -> None:
    assert decode(START, bytes.fromhex("0130")) is decode(START, bytes.fromhex("0130"))


def test_every_name_is_one_of_capstones() -> None:
    disassembler = Cs(CS_ARCH_ARM, CS_MODE_THUMB)
    known = {disassembler.insn_name(number) for number in range(1, arm.ARM_INS_ENDING)}
    assert set(decoder._KINDS) <= known
