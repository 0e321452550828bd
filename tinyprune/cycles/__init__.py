"""Cycle models: executed blocks, which are facts, to cycles, which are an estimate. One row of CYCLE_MODELS a core.

A core that has no row gets no cycles: its instructions are all that is claimed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from tinyprune.cycles import cortex_m4, decode
from tinyprune.cycles.decode import Instruction
from tinyprune.cycles.model import CycleModel
from tinyprune.emulators.run import Block

__all__ = ["CYCLE_MODELS", "CycleModel", "Cycles", "model_for", "price"]

CYCLE_MODELS: dict[str, CycleModel] = {
    "cortex-m4": cortex_m4.MODEL,
    "cortex-m4f": cortex_m4.MODEL,
}


@dataclass(frozen=True)
class Cycles:
    """The cycles of one inference, by the layer in which they were spent."""

    by_layer: Mapping[str, int]

    @property
    def total(self) -> int:
        return sum(self.by_layer.values())


def model_for(core: str) -> CycleModel | None:
    """The model of `core`, or None where no cycles are claimed."""
    return CYCLE_MODELS.get(core)


def price(blocks: Iterable[Block], code: Callable[[int, int], bytes], model: CycleModel) -> Cycles:
    """The cycles that `model` gives to `blocks`; `code(address, size_bytes)` returns the machine code at a place."""
    prices: dict[tuple[int, int], _Price] = {}
    by_layer: dict[str, int] = {}
    for block in blocks:
        place = block.start, block.size_bytes
        if place not in prices:
            prices[place] = _price(decode.decode(block.start, code(*place)), model)
        by_layer[block.layer] = by_layer.get(block.layer, 0) + prices[place].of(block)
    return Cycles(by_layer)


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
