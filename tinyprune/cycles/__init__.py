"""Cycle models: executed blocks, which are facts, to cycles, which are an estimate. One row of CYCLE_MODELS a core.

A core that has no row has one of NOT_CLAIMED, which says why: its instructions are all that is claimed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tinyprune.board import FlashTiming
from tinyprune.cycles import cortex_m0, cortex_m3, cortex_m4, cortex_m33, decode, flash
from tinyprune.cycles.decode import Instruction
from tinyprune.cycles.model import CycleModel
from tinyprune.emulators.run import Block

__all__ = ["CYCLE_MODELS", "NOT_CLAIMED", "CycleModel", "Cycles", "PricedBlock", "price"]

CYCLE_MODELS: dict[str, CycleModel] = {
    "cortex-m0": cortex_m0.M0,
    "cortex-m0plus": cortex_m0.M0PLUS,
    "cortex-m3": cortex_m3.MODEL,
    "cortex-m4": cortex_m4.MODEL,
    "cortex-m4f": cortex_m4.MODEL,
    "cortex-m33": cortex_m33.MODEL,
}

NOT_CLAIMED: dict[str, str] = {
    "cortex-m7": "none claimed: the core issues two instructions at once, by rules that Arm does not publish",
    "cortex-m55": "none claimed: Arm publishes no timings of the core and its vector extension",
}


@dataclass(frozen=True)
class PricedBlock:
    """`core` cycles of all executions of a block; `stalls`, what they waited for the flash, None where not counted."""

    block: Block
    core: int
    stalls: int | None


@dataclass(frozen=True)
class Cycles:
    """The price of some blocks: every breakdown is a selection of them."""

    blocks: tuple[PricedBlock, ...]

    @property
    def core(self) -> int:
        return sum(one.core for one in self.blocks)

    @property
    def stalls(self) -> int | None:
        counted = [one.stalls for one in self.blocks if one.stalls is not None]
        return sum(counted) if len(counted) == len(self.blocks) else None

    @property
    def total(self) -> int | None:
        """None where the stalls were not counted."""
        return None if self.stalls is None else self.core + self.stalls

    def of_layer(self, layer: str) -> Cycles:
        return Cycles(tuple(one for one in self.blocks if one.block.layer == layer))


def price(blocks: Iterable[Block], code: Callable[[int, int], bytes], model: CycleModel, timing: FlashTiming) -> Cycles:
    """The cycles that `model` gives to `blocks`; `code(address, size_bytes)` returns the machine code at a place."""
    prices: dict[tuple[int, int], _Price] = {}
    priced: list[PricedBlock] = []
    for block in blocks:
        place = block.start, block.size_bytes
        if place not in prices:
            prices[place] = _price(decode.decode(block.start, code(*place)), model)
        priced.append(PricedBlock(block, prices[place].of(block), _stalls(block, timing)))
    return Cycles(tuple(priced))


@dataclass(frozen=True)
class _Price:
    """The cycles of one place in the code: of each pass, and what being left by a jump and being jumped to add."""

    each: int
    taken: int
    entered: int

    def of(self, block: Block) -> int:
        return self.each * block.count + self.taken * block.taken + self.entered * block.entered


def _price(instructions: tuple[Instruction, ...], model: CycleModel) -> _Price:
    return _Price(sum(model.straight(instructions)), model.refill(instructions[-1]), model.entry(instructions[0]))


def _stalls(block: Block, timing: FlashTiming) -> int | None:
    if timing.wait_states == 0:
        return 0
    return None if block.misses is None else flash.stalls(block.misses, timing)
