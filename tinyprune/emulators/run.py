"""What one emulated inference gives: facts. Cycles are another matter, see `tinyprune.cycles`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tinyprune.ir import Int8

OUTSIDE = ""  # the layer of a block that belongs to tp_invoke itself
LAYER_PREFIX = "tp_layer_"


@dataclass(frozen=True)
class FlashMisses:
    """Lines that the flash's caches did not hold, of a board with `FlashTiming`: those of instructions that followed on
    the line before (`sequential`) or did not (`jumped`), and those of data, literals included."""

    sequential: int
    jumped: int
    data: int


@dataclass(frozen=True)
class Block:
    """A straight run of instructions, as it was executed within one layer.

    `count` times in all; `taken` of them ended by going elsewhere than to the next address, and `entered` of them began
    by a jump to `start`. `instructions` is the number in the block, those that an IT skips included. `misses` are those
    of all its executions, from caches that were empty at first; None where the emulator does not count them.
    """

    layer: str
    start: int
    size_bytes: int
    instructions: int
    count: int
    taken: int
    entered: int
    misses: FlashMisses | None = None


@dataclass(frozen=True, eq=False)
class Run:
    """The firmware booted, ran the input that is compiled in, and then each of the further inputs, each
    of them as after a reset.

    `blocks` cover one tp_invoke on the compiled-in input, from its entry to its return; `counted_by` says how they were
    counted. `outputs` are (n, bytes) for all n inputs, `layer_outputs` those of each layer. `stack_bytes` is the most
    that the firmware used. `uart` and `exit_code` are those of one boot of the image as it is.
    """

    emulator: str
    emulator_version: str
    counted_by: str
    uart: str
    exit_code: int
    blocks: tuple[Block, ...]
    outputs: Int8
    layer_outputs: dict[str, Int8]
    stack_bytes: int

    @property
    def instructions(self) -> int:
        return sum(block.instructions * block.count for block in self.blocks)


def stack_bytes(uart: str) -> int:
    """The high water mark that the firmware reads off its painted stack and prints."""
    line = re.search(r"^tinyprune: stack (\d+) of \d+", uart, re.MULTILINE)
    if line is None:
        raise ValueError("the firmware did not print its stack")
    return int(line[1])
