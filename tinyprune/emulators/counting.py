"""Counts executed blocks, the edges between them and the flash lines they wait for, by layer, while a machine runs.

The counter in Python is the definition; the one in C (`native.py`) does the same thirty times faster where a compiler
is found. Both give the same tallies (tested).
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import unicorn
from unicorn import arm_const

from tinyprune.emulators.flash_lines import FlashLines
from tinyprune.emulators.machine import Machine
from tinyprune.emulators.run import LAYER_PREFIX, OUTSIDE, Block, FlashMisses
from tinyprune.toolchain.elf import Elf

WIDE_PREFIXES = (0b11101, 0b11110, 0b11111)  # DDI0403 A5.1: a halfword that starts so begins a 32-bit instruction

XPSR = arm_const.UC_ARM_REG_XPSR
IT_BITS = 0x0600_FC00  # DDI0403 B1.4.2: xPSR[26:25] and [15:10] say where in an IT block the core is

Place = tuple[str, int, int]  # layer, start, size in bytes


@dataclass
class Tally:
    """`taken`: times that the block was left by a jump; `entered`: times that it was jumped to. `flash` are its misses:
    of instructions that follow on, of others, and of data; None where flash lines are not followed."""

    count: int = 0
    taken: int = 0
    entered: int = 0
    flash: list[int] | None = None


class Counter(Protocol):
    """Counts from `attach` to `detach`."""

    def attach(self) -> None: ...
    def detach(self) -> dict[Place, Tally]: ...


def clear_it_state(core: Any) -> None:
    """To be called by every hook on loads. For one, Unicorn writes the IT state of the load into the core, where it
    stays: the code that runs keeps count of it by itself, but the next block would begin as if inside the IT block.
    """
    xpsr = core.reg_read(XPSR)
    if xpsr & IT_BITS:
        core.reg_write(XPSR, xpsr & ~IT_BITS)


def layer_switches(elf: Elf) -> dict[int, str]:
    """Address to layer: from a block that starts there, this layer runs. Back in tp_invoke it is none (OUTSIDE).

    In an image without these names, all is outside.
    """
    symbols = elf.symbols
    invoke = symbols.get("tp_invoke")
    inside = range(invoke.address, invoke.address + invoke.bytes, 2) if invoke else ()
    outside = dict.fromkeys(inside, OUTSIDE)
    layers = {
        s.address: name.removeprefix(LAYER_PREFIX) for name, s in symbols.items() if name.startswith(LAYER_PREFIX)
    }
    return outside | layers


@dataclass
class PythonCounter:
    machine: Machine
    tallies: dict[Place, Tally] = field(default_factory=dict[Place, Tally])
    _layer: str = OUTSIDE
    _previous: Tally | None = None
    _next: int = -1
    _hooks: list[Any] = field(default_factory=list[Any])

    @functools.cached_property
    def switches(self) -> dict[int, str]:
        return layer_switches(self.machine.elf)

    @functools.cached_property
    def lines(self) -> FlashLines | None:
        return FlashLines.of(self.machine.board)

    def attach(self) -> None:
        hook, flash = self.machine.core.hook_add, self.machine.board.flash
        self._hooks.append(hook(unicorn.UC_HOOK_BLOCK, self._block))
        if self.lines:
            self._hooks.append(hook(unicorn.UC_HOOK_MEM_READ, self._read, None, flash.origin, flash.end - 1))

    def detach(self) -> dict[Place, Tally]:
        for hook in self._hooks:
            self.machine.core.hook_del(hook)
        if self._previous is not None:
            self._previous.taken += 1  # the last block left by returning
        return self.tallies

    def _block(self, core: Any, address: int, size: int, data: object) -> None:
        self._layer = self.switches.get(address, self._layer)
        place = (self._layer, address, size)
        tally = self.tallies.get(place)
        if tally is None:
            tally = self.tallies[place] = Tally(flash=[0, 0, 0] if self.lines else None)
        tally.count += 1
        if address != self._next:
            tally.entered += 1
            if self._previous is not None:
                self._previous.taken += 1
        self._previous, self._next = tally, address + size
        if self.lines and tally.flash:
            sequential, jumped = self.lines.fetch(address, size)
            tally.flash[0] += sequential
            tally.flash[1] += jumped

    def _read(self, core: Any, access: int, address: int, size: int, value: int, data: object) -> None:
        clear_it_state(core)
        if self.lines and self._previous and self._previous.flash:
            self._previous.flash[2] += self.lines.read(address, size)


def blocks(elf: Elf, tallies: dict[Place, Tally]) -> tuple[Block, ...]:
    """The tallies as blocks, in address order."""
    ordered = sorted(joined(tallies).items(), key=lambda item: (item[0][1], item[0]))
    return tuple(_block(place, tally, elf.read(*place[1:])) for place, tally in ordered)


def joined(tallies: dict[Place, Tally]) -> dict[Place, Tally]:
    """What always runs in one go, as one block: emulators also cut at pages and where buffers are full.

    A block is joined to the one after it where neither was left nor entered by a jump in between.
    """
    whole = dict(tallies)
    starts = {place[:2]: place for place in tallies}
    for place in sorted(tallies, key=lambda place: place[1], reverse=True):
        layer, start, size = place
        after = starts.get((layer, start + size))
        if after is None or not _in_one_go(whole[place], whole[after]):
            continue
        longer = starts[layer, start] = (layer, start, size + after[2])
        whole[longer] = _sum(whole.pop(place), whole.pop(after))
        del starts[after[:2]]
    return whole


def _in_one_go(first: Tally, second: Tally) -> bool:
    return first.taken == 0 and second.entered == 0 and first.count == second.count


def _sum(first: Tally, second: Tally) -> Tally:
    flash = [a + b for a, b in zip(first.flash, second.flash, strict=True)] if first.flash and second.flash else None
    return Tally(first.count, second.taken, first.entered, flash)


def _block(place: Place, tally: Tally, code: bytes) -> Block:
    misses = FlashMisses(*tally.flash) if tally.flash else None
    return Block(*place, instruction_count(code), tally.count, tally.taken, tally.entered, misses)


@functools.lru_cache(maxsize=1 << 14)
def instruction_count(code: bytes) -> int:
    """How many Thumb instructions `code` holds."""
    halfwords = np.frombuffer(code, np.uint16).tolist()
    count, i = 0, 0
    while i < len(halfwords):
        i += 2 if halfwords[i] >> 11 in WIDE_PREFIXES else 1
        count += 1
    return count
