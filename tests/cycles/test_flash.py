"""The flash term by hand: which rule gives which stalls, and the misses of a tiny program that is really run."""

from __future__ import annotations

from dataclasses import astuple
from pathlib import Path

import pytest

from tinyprune import board
from tinyprune.board import Board, FlashTiming, LineCache
from tinyprune.cycles import CYCLE_MODELS, price
from tinyprune.cycles.flash import data_stalls, fetch_stalls, sequential_stall
from tinyprune.emulators import native
from tinyprune.emulators.counting import Counter, PythonCounter, blocks
from tinyprune.emulators.machine import Machine
from tinyprune.emulators.native import NativeCounter
from tinyprune.emulators.run import FlashMisses
from tinyprune.toolchain.elf import Elf, Segment, Symbol

L4, F4 = LineCache(128, 8, 128), LineCache(64, 16, 64)


@pytest.mark.parametrize(
    ("timing", "cycles"),
    [
        (FlashTiming(5, True, L4, L4), 5 - 3),  # 8 bytes: 2 to 4 instructions
        (FlashTiming(5, True, F4, F4), 0),  # 16 bytes: 4 to 8
        (FlashTiming(7, True, F4, F4), 7 - 6),
        (FlashTiming(5, False, L4, L4), 5),
        (FlashTiming(0), 0),
    ],
)
def test_a_line_that_follows_on(timing: FlashTiming, cycles: int) -> None:
    assert sequential_stall(timing) == cycles


def test_every_other_line_takes_the_wait_states() -> None:
    misses, timing = FlashMisses(sequential=7, jumped=3, data=11), FlashTiming(5, True, L4, L4)
    assert fetch_stalls(misses, timing) == 7 * 2 + 3 * 5
    assert data_stalls(misses, timing) == 11 * 5


FLASH = 0x0800_0000
START = FLASH + 8  # behind the stack pointer and the reset vector
END = START + 24
# 08: ldr r0, [pc, #20] (the literal at 0x20); movs r1, #3; ldr r2, [r0]; nop
# 10: adds r0, #8; subs r1, #1; bne 0x0c; nop
# 18: nop; nop; b 0x1e; nop: it only jumps over one within its line
PROGRAM = bytes.fromhex("0548" "0321" "0268" "00bf" "0830" "0139" "fad1" "00bf" "00bf00bf" "ffe700bf")  # fmt: skip
LITERAL = (FLASH + 0x100).to_bytes(4, "little")


def tiny(data_lines: int) -> tuple[Machine, Elf, Board]:
    """The program above on a board with two lines of 8 bytes for instructions, and so many for data."""
    base = board.load("stm32f4")
    timing = FlashTiming(5, True, LineCache(2, 8, 2), LineCache(data_lines, 8, data_lines))
    small = Board(**(vars(base) | {"flash_timing": timing}))
    vectors = (0x2000_1000).to_bytes(4, "little") + (START | 1).to_bytes(4, "little")
    segment = Segment(FLASH, FLASH, vectors + PROGRAM + LITERAL)
    image = Elf(Path("tiny"), START, {"main": Symbol(START, 24, "function")}, {}, (segment,), "", "", ())
    return Machine(image, small), image, small


@pytest.mark.parametrize("kind", ["python", "native"])
def test_a_tiny_program(kind: str) -> None:
    """Lines are named by their first byte.

    Instructions: 08 misses by a jump; 10 follows on; back to 08 twice, which is still held, and to 10 again; 18 follows
    on, in place of 08. Data: the literal's line at 20; 100, 108, 110: four.
    """
    if kind == "native" and native.load() is None:
        pytest.skip("no compiler for this machine")
    machine, image, small = tiny(data_lines=8)
    counter: Counter = PythonCounter(machine) if kind == "python" else NativeCounter(machine, native.load())
    counter.attach()
    machine.go(END)
    executed = blocks(machine, counter.detach())
    assert {block.layer for block in executed} == {""}
    misses = [block.misses for block in executed if block.misses]
    assert len(misses) == len(executed)
    assert [sum(column) for column in zip(*map(astuple, misses), strict=True)] == [2, 1, 4]
    cycles = price(executed, image.read, CYCLE_MODELS["cortex-m4"], small.flash_timing)
    assert cycles.cost.flash_stalls == 2 * 2 + 1 * 5 + 4 * 5
