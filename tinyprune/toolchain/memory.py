"""How much of a board's memories a built firmware occupies."""

from dataclasses import dataclass

from tinyprune.board import Board
from tinyprune.toolchain.elf import Elf


@dataclass(frozen=True)
class FlashUse:
    """Bytes of flash; the three parts add up to the total, which is the size of `firmware.bin`."""

    total: int
    code: int
    """vector table and functions"""
    weights: int
    """the model's constants, those included that are copied into SRAM at boot"""
    other: int
    """read-only data, initial values of variables, alignment"""


@dataclass(frozen=True)
class MemoryUse:
    """Bytes of a board's memories."""

    flash: FlashUse
    static_bytes: int
    """variables, arena and state included, the stack excluded"""
    arena_bytes: int
    state_bytes: int
    """what the model remembers between inferences"""
    stack_bytes: int
    """reserved, in SRAM or CCM"""


def memory_use(elf: Elf, board: Board) -> MemoryUse:
    """What `elf` occupies on `board`, from its section sizes and symbols."""
    symbols = elf.symbols
    arena, state = symbols.get("tp_arena"), symbols.get("tp_state")
    return MemoryUse(
        flash=_flash_use(elf, board),
        static_bytes=_bytes(elf, ".data", ".bss"),
        arena_bytes=arena.bytes if arena else 0,
        state_bytes=state.bytes if state else 0,
        stack_bytes=symbols["__stack_top"].address - symbols["__stack_limit"].address,
    )


def weight_places(elf: Elf) -> tuple[range, ...]:
    """The addresses of the model's constants: in flash, and of those that are copied into SRAM at boot."""
    places: list[range] = []
    if section := elf.sections.get(".tp_weights"):
        places.append(range(section.address, section.address + section.bytes))
    if start := elf.symbols.get("__tp_resident_start"):
        places.append(range(start.address, elf.symbols["__tp_resident_end"].address))
    return tuple(places)


def _flash_use(elf: Elf, board: Board) -> FlashUse:
    total = max(segment.load_address + len(segment.data) for segment in elf.segments) - board.flash.origin
    code, weights = _bytes(elf, ".boot2", ".vectors", ".text"), sum(map(len, weight_places(elf)))
    return FlashUse(total=total, code=code, weights=weights, other=total - code - weights)


def _bytes(elf: Elf, *sections: str) -> int:
    return sum(elf.sections[name].bytes for name in sections if name in elf.sections)
