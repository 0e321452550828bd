"""The block counter in C, for a `Machine`."""

from __future__ import annotations

import ctypes
import functools
from pathlib import Path
from typing import Any

import unicorn

from tinyprune.emulators import host_library
from tinyprune.emulators.counting import Place, Tally, layer_switches
from tinyprune.emulators.machine import Machine

SOURCE = Path(__file__).with_name("block_counter.c")


class _Tally(ctypes.Structure):
    _fields_ = [
        *((name, ctypes.c_uint32) for name in ("start", "size", "layer", "unused")),
        *((name, ctypes.c_uint64) for name in ("count", "taken", "entered")),
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
    ]


class NativeCounter:
    """A `Counter` whose hook is a C function; `library` is what `load` gave."""

    def __init__(self, machine: Machine, library: Any) -> None:
        self._machine = machine
        self._library = library
        flash = machine.board.flash
        switches = layer_switches(machine.elf)
        self._layers: list[str] = sorted(set(switches.values()))
        numbers = (ctypes.c_uint16 * (flash.bytes // 2))()
        for address, layer in switches.items():
            numbers[(address - flash.origin) // 2] = self._layers.index(layer) + 1
        self._numbers = numbers  # the counter refers to it
        self._counter = _Counter(base=flash.origin, halfwords=flash.bytes // 2, switches=numbers, next=0xFFFF_FFFF)
        self._hook = ctypes.c_size_t()

    def attach(self) -> None:
        function = ctypes.cast(self._library.count_block, ctypes.c_void_p)
        status = _unicorn_library().uc_hook_add(
            self._machine.core._uch,
            ctypes.byref(self._hook),
            ctypes.c_int(unicorn.UC_HOOK_BLOCK),
            function,
            ctypes.byref(self._counter),
            ctypes.c_uint64(1),  # begin after end: everywhere
            ctypes.c_uint64(0),
        )
        if status != unicorn.UC_ERR_OK:
            raise unicorn.UcError(status)

    def detach(self) -> dict[Place, Tally]:
        _unicorn_library().uc_hook_del(self._machine.core._uch, self._hook)
        counter = self._counter
        if counter.failed:
            raise MemoryError("the block counter ran out of memory")
        if counter.previous:
            counter.previous.contents.taken += 1  # the last block left by returning
        slots = (counter.slots[i] for i in range(counter.capacity))
        tallies: dict[Place, Tally] = {
            (self._layers[s.layer], int(s.start), int(s.size)): Tally(int(s.count), int(s.taken), int(s.entered))
            for s in slots
            if s.size
        }
        self._library.free_slots(ctypes.byref(counter))
        return tallies


@functools.cache
def load() -> Any | None:
    """The compiled counter; None where there is no compiler for this machine, or its result does not load."""
    library = next(filter(None, map(_loaded, host_library.candidates(SOURCE))), None)
    if library is not None:
        library.count_block.restype = None
        library.free_slots.restype = None
    return library


def _loaded(path: Path) -> ctypes.CDLL | None:
    try:
        return ctypes.CDLL(str(path))
    except OSError:
        return None


def _unicorn_library() -> Any:
    from unicorn.unicorn_py3 import unicorn as binding

    return binding.uclib
