"""The counter in C, for a `Machine`."""

from __future__ import annotations

import ctypes
import functools
from pathlib import Path
from typing import Any

import unicorn

from tinyprune.board import Board, LineCache
from tinyprune.emulators import host_library
from tinyprune.emulators.counting import IT_BITS, XPSR, Place, Tally, layer_switches
from tinyprune.emulators.machine import Machine
from tinyprune.emulators.run import OUTSIDE

SOURCES = tuple(Path(__file__).with_name(name) for name in ("block_counter.c", "flash_lines.c"))


class _Misses(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in ("sequential", "jumped", "data")]


class _Tally(ctypes.Structure):
    _fields_ = [
        *((name, ctypes.c_uint32) for name in ("start", "size", "layer", "unused")),
        *((name, ctypes.c_uint64) for name in ("count", "taken", "entered")),
        ("misses", _Misses),
    ]


class _LineCache(ctypes.Structure):
    _fields_ = [
        *((name, ctypes.c_uint32) for name in ("rows", "ways", "line_bytes", "row_lines")),
        ("held", ctypes.POINTER(ctypes.c_uint32)),
        ("filled", ctypes.POINTER(ctypes.c_uint32)),
        ("used", ctypes.POINTER(ctypes.c_uint64)),
        ("place", ctypes.POINTER(ctypes.c_uint16)),
        ("now", ctypes.c_uint64),
    ]


class _FlashLines(ctypes.Structure):
    _fields_ = [
        *((name, ctypes.c_uint32) for name in ("origin", "bytes", "current", "unused")),
        ("instructions", _LineCache),
        ("data", _LineCache),
    ]


class _Counter(ctypes.Structure):
    _fields_ = [
        ("base", ctypes.c_uint32),
        ("halfwords", ctypes.c_uint32),
        ("switches", ctypes.POINTER(ctypes.c_uint16)),
        ("slots", ctypes.POINTER(_Tally)),
        ("capacity", ctypes.c_uint32),
        ("used", ctypes.c_uint32),
        ("layer", ctypes.c_uint32),
        ("next", ctypes.c_uint32),
        ("previous", ctypes.POINTER(_Tally)),
        ("failed", ctypes.c_uint32),
        ("flash", ctypes.POINTER(_FlashLines)),
        ("read", ctypes.c_void_p),
        ("write", ctypes.c_void_p),
        ("xpsr", ctypes.c_int),
        ("it_bits", ctypes.c_uint32),
    ]


class NativeCounter:
    """A `Counter` whose hooks are C functions; `library` is what `load` gave."""

    def __init__(self, machine: Machine, library: Any) -> None:
        self._machine = machine
        self._library = library
        flash = machine.board.flash
        switches = layer_switches(machine.elf)
        self._layers: list[str] = sorted({OUTSIDE, *switches.values()})
        numbers = (ctypes.c_uint16 * (flash.bytes // 2))()
        for address, layer in switches.items():
            numbers[(address - flash.origin) // 2] = self._layers.index(layer) + 1
        self._flash = _flash_lines(machine.board)
        self._counter = _Counter(base=flash.origin, halfwords=flash.bytes // 2, switches=numbers, next=0xFFFF_FFFF)
        self._counter.xpsr, self._counter.it_bits = XPSR, IT_BITS
        self._counter.read, self._counter.write = _address("uc_reg_read"), _address("uc_reg_write")
        if self._flash:
            self._counter.flash = ctypes.pointer(self._flash)
        self._hooks: list[ctypes.c_size_t] = []

    def attach(self) -> None:
        flash = self._machine.board.flash
        self._hook(unicorn.UC_HOOK_BLOCK, self._library.count_block, 1, 0)  # begin after end: everywhere
        if self._flash:
            self._hook(unicorn.UC_HOOK_MEM_READ, self._library.count_read, flash.origin, flash.end - 1)

    def _hook(self, kind: int, function: Any, begin: int, end: int) -> None:
        hook = ctypes.c_size_t()
        status = _unicorn_library().uc_hook_add(
            self._machine.core._uch,
            ctypes.byref(hook),
            ctypes.c_int(kind),
            ctypes.cast(function, ctypes.c_void_p),
            ctypes.byref(self._counter),
            ctypes.c_uint64(begin),
            ctypes.c_uint64(end),
        )
        if status != unicorn.UC_ERR_OK:
            raise unicorn.UcError(status)
        self._hooks.append(hook)

    def detach(self) -> dict[Place, Tally]:
        for hook in self._hooks:
            _unicorn_library().uc_hook_del(self._machine.core._uch, hook)
        counter = self._counter
        if counter.failed:
            raise MemoryError("the block counter ran out of memory")
        if counter.previous:
            counter.previous.contents.taken += 1  # the last block left by returning
        slots = (counter.slots[i] for i in range(counter.capacity))
        tallies: dict[Place, Tally] = {
            (self._layers[s.layer], int(s.start), int(s.size)): self._tally(s) for s in slots if s.size
        }
        self._library.free_slots(ctypes.byref(counter))
        return tallies

    def _tally(self, slot: Any) -> Tally:
        misses = slot.misses
        flash = [int(misses.sequential), int(misses.jumped), int(misses.data)] if self._flash else None
        return Tally(int(slot.count), int(slot.taken), int(slot.entered), flash)


def _flash_lines(board: Board) -> _FlashLines | None:
    timing, flash = board.flash_timing, board.flash
    if timing.instructions is None or timing.data is None:
        return None
    caches = (_line_cache(cache, flash.bytes) for cache in (timing.instructions, timing.data))
    return _FlashLines(flash.origin, flash.bytes, 0, 0, *caches)


def _line_cache(cache: LineCache, flash_bytes: int) -> _LineCache:
    held, filled = (ctypes.c_uint32 * cache.rows)(), (ctypes.c_uint32 * cache.rows)()
    used = (ctypes.c_uint64 * cache.rows)()
    place = (ctypes.c_uint16 * (flash_bytes // (cache.line_bytes * cache.row_lines) + 1))()
    return _LineCache(cache.rows, cache.ways, cache.line_bytes, cache.row_lines, held, filled, used, place, 0)


@functools.cache
def load() -> Any | None:
    """The compiled counter; None where there is no compiler for this machine, or its result does not load."""
    library = next(filter(None, map(_loaded, host_library.candidates(*SOURCES))), None)
    if library is not None:
        library.count_block.restype = None
        library.count_read.restype = None
        library.free_slots.restype = None
    return library


def _loaded(path: Path) -> ctypes.CDLL | None:
    try:
        return ctypes.CDLL(str(path))
    except OSError:
        return None


def _address(function: str) -> int | None:
    """Of a function of Unicorn's library."""
    return ctypes.cast(getattr(_unicorn_library(), function), ctypes.c_void_p).value


def _unicorn_library() -> Any:
    from unicorn.unicorn_py3 import unicorn as binding

    return binding.uclib
