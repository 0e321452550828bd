"""What the board could do at most, beside which the figures of a build are read."""

from __future__ import annotations

from dataclasses import dataclass

from tinyprune.board import Board, FlashTiming

WORD_BYTES = 4


@dataclass(frozen=True)
class Hardware:
    """`macs_per_cycle` and `weight_bytes_per_cycle` are bounds that no kernel reaches: nothing but multiplications, and
    nothing but weights read from the flash, each once."""

    core: str
    clock_hz: int
    flash_bytes: int
    sram_bytes: int
    macs_per_cycle: int
    weight_bytes_per_cycle: float


def hardware(board: Board) -> Hardware:
    """SMLAD, of the DSP extension, does two multiply-accumulates in a cycle (ARM DDI0439D, table 3-2); without it no
    core here does more than one."""
    return Hardware(
        core=board.core,
        clock_hz=board.clock_hz,
        flash_bytes=board.flash.bytes,
        sram_bytes=board.sram.bytes,
        macs_per_cycle=2 if "dsp" in board.features else 1,
        weight_bytes_per_cycle=round(_bytes_per_cycle(board.flash_timing), 4),
    )


def _bytes_per_cycle(timing: FlashTiming) -> float:
    """A line of the flash after all its wait states; without a cache, or wait states, a word."""
    width = timing.data.line_bytes if timing.data else WORD_BYTES
    return width / (1 + timing.wait_states)
