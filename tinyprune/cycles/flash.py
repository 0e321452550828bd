"""Cycles that the core waits for its flash, from the lines that the caches did not hold.

A line that does not follow on the one before, or that holds data, is waited for in full: "the penalty in terms of the
number of cycles is at least equal to the number of wait states" (RM0432 3.3.4; RM0090 3.5.2 alike).

A line that follows on is fetched while the one before is executed, where the flash prefetches. That one holds "either
two instructions of 32 bits or four instructions of 16 bits" for 64 bits, twice as many for 128 (same sections): at a
cycle each, the middle of the two is the part of the wait states that is hidden, 3 cycles for a line of 8 bytes and 6
for one of 16.
"""

from __future__ import annotations

from tinyprune.board import FlashTiming
from tinyprune.emulators.run import FlashMisses

NARROW_BYTES, WIDE_BYTES = 2, 4


def sequential_stall(timing: FlashTiming) -> int:
    """The cycles that a line of instructions takes which follows on the one before."""
    if timing.instructions is None or not timing.prefetch:
        return timing.wait_states
    line_bytes = timing.instructions.line_bytes
    hidden = (line_bytes // WIDE_BYTES + line_bytes // NARROW_BYTES) // 2
    return max(0, timing.wait_states - hidden)


def fetch_stalls(misses: FlashMisses, timing: FlashTiming) -> int:
    """The cycles that the `misses` of instructions cost."""
    return timing.wait_states * misses.jumped + sequential_stall(timing) * misses.sequential


def data_stalls(misses: FlashMisses, timing: FlashTiming) -> int:
    """The cycles that the `misses` of data cost."""
    return timing.wait_states * misses.data
