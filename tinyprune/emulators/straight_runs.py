"""From straight runs of instructions to blocks, for an emulator that cuts its blocks elsewhere than Unicorn does.

A straight run goes from where a jump led to the next jump that was taken. However an emulator cuts it into blocks, the
run is the same; so what is counted are runs, and this file alone says where a block ends.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping

from tinyprune.emulators.counting import WIDE_PREFIXES, Place, Tally
from tinyprune.toolchain.elf import Elf

PAGE_BYTES = 1024  # a block of Unicorn's and QEMU's ends with the page that it begins in

# (mask, value) of the instructions that end a block: those that can branch, and exceptions. DDI0403 A5.2, A5.3
NARROW_ENDS = (
    (0xF000, 0xD000),  # B<c>, SVC
    (0xF800, 0xE000),  # B
    (0xF500, 0xB100),  # CBZ, CBNZ
    (0xFF00, 0x4700),  # BX, BLX
    (0xFF00, 0xBD00),  # POP with PC
    (0xFF87, 0x4487),  # ADD PC
    (0xFF87, 0x4687),  # MOV PC
    (0xFF00, 0xBE00),  # BKPT
)
WIDE_ENDS = (
    (0xF800_9000, 0xF000_9000),  # B, BL
    (0xFE50_8000, 0xE810_8000),  # LDM and POP with PC
    (0xFFF0_FFE0, 0xE8D0_F000),  # TBB, TBH
    (0xFF70_F000, 0xF850_F000),  # LDR PC
)
CONDITIONAL_BRANCH = (0xF800_D000, 0xF000_8000)  # with a condition; AL and NV make it something else
NO_CONDITION = 0b111


def tallies(elf: Elf, runs: Mapping[Place, int]) -> dict[Place, Tally]:
    """The tallies of all blocks, from how often each (layer, start, bytes) was run through."""
    found: dict[Place, Tally] = {}
    for (layer, start, size), count in runs.items():
        pieces = list(blocks_of(start, elf.read(start, size)))
        for piece in pieces:
            found.setdefault((layer, *piece), Tally()).count += count
        found[(layer, *pieces[0])].entered += count
        found[(layer, *pieces[-1])].taken += count
    return found


def blocks_of(start: int, code: bytes) -> Iterator[tuple[int, int]]:
    """(start, bytes) of each block in the straight run `code`, which was entered at `start`."""
    halfwords = [int.from_bytes(code[i : i + 2], "little") for i in range(0, len(code), 2)]
    begin = at = start
    for size, ends in _instructions(halfwords):
        page_end = begin // PAGE_BYTES * PAGE_BYTES + PAGE_BYTES
        if at + size > page_end and at > begin:
            yield begin, at - begin
            begin = at
            page_end = begin // PAGE_BYTES * PAGE_BYTES + PAGE_BYTES
        at += size
        if ends or at >= page_end:
            yield begin, at - begin
            begin = at
    if at > begin:
        yield begin, at - begin


def _instructions(halfwords: list[int]) -> Iterator[tuple[int, bool]]:
    """(bytes, whether it ends a block) of each."""
    i = 0
    while i < len(halfwords):
        if halfwords[i] >> 11 in WIDE_PREFIXES:
            yield 4, _wide_ends(halfwords[i] << 16 | halfwords[i + 1])
            i += 2
        else:
            yield 2, any(halfwords[i] & mask == value for mask, value in NARROW_ENDS)
            i += 1


@functools.cache
def _wide_ends(instruction: int) -> bool:
    mask, value = CONDITIONAL_BRANCH
    conditional = instruction & mask == value and instruction >> 23 & 0b111 != NO_CONDITION
    return conditional or any(instruction & mask == value for mask, value in WIDE_ENDS)
