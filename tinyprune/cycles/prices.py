"""The price of executed blocks, told instruction by instruction: every table of a profile is a grouping of these."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from tinyprune.board import FlashTiming
from tinyprune.cycles import decode, flash
from tinyprune.cycles.classes import BRANCH, FETCH, LOAD, class_of
from tinyprune.cycles.decode import Instruction
from tinyprune.cycles.model import CycleModel
from tinyprune.emulators.run import Block

Key = TypeVar("Key")
Reader = Callable[[int, int], bytes]


@dataclass(frozen=True)
class Cost:
    """`core_cycles` are None where none are claimed, `flash_stalls` also where they were not counted."""

    instructions: int
    core_cycles: int | None
    flash_stalls: int | None

    @property
    def cycles(self) -> int | None:
        """None where a part of them is."""
        return None if self.core_cycles is None or self.flash_stalls is None else self.core_cycles + self.flash_stalls


def total(costs: Iterable[Cost]) -> Cost:
    """The sum; a figure is None where that of any part is."""
    every = list(costs)
    core, stalls = ([getattr(one, name) for one in every] for name in ("core_cycles", "flash_stalls"))
    return Cost(sum(one.instructions for one in every), _sum(core), _sum(stalls))


def _sum(values: Sequence[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None


@dataclass(frozen=True)
class Site:
    """What all executions of the instruction at `address` took within one layer; `kind` is its class.

    Three sites of a block have no instruction of their own: that it was jumped to, at its first instruction (BRANCH),
    that its code was waited for, there too (FETCH), and that its data were, at its first load (LOAD).
    """

    layer: str
    address: int
    kind: str
    cost: Cost


@dataclass(frozen=True)
class Cycles:
    """The price of some blocks: every breakdown is a selection of its sites."""

    sites: tuple[Site, ...]

    @property
    def cost(self) -> Cost:
        return total(site.cost for site in self.sites)

    def by(self, key: Callable[[Site], Key]) -> dict[Key, Cost]:
        """The costs of all sites with the same `key`, in the order in which the keys first appear."""
        groups: dict[Key, list[Cost]] = {}
        for site in self.sites:
            groups.setdefault(key(site), []).append(site.cost)
        return {name: total(costs) for name, costs in groups.items()}


def price(blocks: Iterable[Block], code: Reader, model: CycleModel | None, timing: FlashTiming) -> Cycles:
    """What `blocks` take by `model`; without one, their instructions alone.

    `code(address, size_bytes)` returns the machine code at a place; each place is read once.
    """
    places: dict[tuple[int, int], _Place] = {}
    sites: list[Site] = []
    for block in blocks:
        key = block.start, block.size_bytes
        if key not in places:
            places[key] = _place(decode.decode(block.start, code(*key)), model)
        sites += places[key].sites(block)
        sites += _stalls(block, places[key], timing) if model else ()
    return Cycles(tuple(sites))


@dataclass(frozen=True)
class _Place:
    """The instructions of one place in the code with the cycles of each pass; those that being left by a jump and being
    jumped to add. None without a model."""

    instructions: tuple[Instruction, ...]
    straight: tuple[int, ...] | None
    taken: int = 0
    entered: int = 0

    def sites(self, block: Block) -> Iterator[Site]:
        stalls = None if self.straight is None else 0
        last = len(self.instructions) - 1
        for i, one in enumerate(self.instructions):
            core = None
            if self.straight is not None:
                core = self.straight[i] * block.count + (self.taken * block.taken if i == last else 0)
            yield Site(block.layer, one.address, class_of(one), Cost(block.count, core, stalls))
        if self.entered and block.entered:
            yield Site(block.layer, block.start, BRANCH, Cost(0, self.entered * block.entered, 0))


def _place(instructions: tuple[Instruction, ...], model: CycleModel | None) -> _Place:
    if model is None:
        return _Place(instructions, None)
    straight = model.straight(instructions)
    return _Place(instructions, straight, model.refill(instructions[-1]), model.entry(instructions[0]))


def _stalls(block: Block, place: _Place, timing: FlashTiming) -> Iterator[Site]:
    if timing.wait_states == 0:
        return
    misses = block.misses
    fetch = None if misses is None else flash.fetch_stalls(misses, timing)
    data = None if misses is None else flash.data_stalls(misses, timing)
    if fetch != 0:
        yield Site(block.layer, block.start, FETCH, Cost(0, 0, fetch))
    if data != 0:
        load = next((one for one in place.instructions if class_of(one) == LOAD), place.instructions[0])
        yield Site(block.layer, load.address, LOAD, Cost(0, 0, data))
