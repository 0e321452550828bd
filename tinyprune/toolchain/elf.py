"""A built firmware, as its ELF file describes it."""

import functools
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from elftools.elf.elffile import ELFFile

_KINDS = {"STT_FUNC": "function", "STT_OBJECT": "object", "STT_NOTYPE": "label"}


@dataclass(frozen=True)
class Symbol:
    """A name for an address; `bytes` is 0 for a label, such as those of the linker script."""

    address: int
    bytes: int
    kind: str


@dataclass(frozen=True)
class Section:
    """An output section that occupies memory; `load_address` is that of its content in flash, None without."""

    address: int
    bytes: int
    load_address: int | None


@dataclass(frozen=True)
class Segment:
    """Content that a programmer or emulator stores at `load_address`; the firmware uses it at `address`."""

    address: int
    load_address: int
    data: bytes


@dataclass(frozen=True, eq=False)
class Elf:
    """A linked firmware. Addresses have the Thumb bit cleared."""

    path: Path
    entry: int
    symbols: Mapping[str, Symbol]
    sections: Mapping[str, Section]
    segments: tuple[Segment, ...]
    toolchain: str
    toolchain_version: str
    flags: tuple[str, ...]

    def read(self, address: int, size: int) -> bytes:
        """`size` bytes of the image at `address`. Raises KeyError where the image has none there."""
        for segment in self.segments:
            offset = address - segment.address
            if offset >= 0 and offset + size <= len(segment.data):
                return segment.data[offset : offset + size]
        raise KeyError(f"0x{address:08x} is not in {self.path}")

    def function(self, address: int) -> str | None:
        """The function that holds `address`; of several names for it, a global one. One whose size the image does not
        tell (hand-written assembly) goes on to the next."""
        i = bisect_right(self._functions, (address, chr(0x10FFFF))) - 1
        if i < 0:
            return None
        start, name = self._functions[i]
        bytes = self.symbols[name].bytes
        return name if bytes == 0 or address < start + bytes else None

    @functools.cached_property
    def _functions(self) -> list[tuple[int, str]]:
        """Their addresses and names, in the order of addresses."""
        names: dict[int, str] = {}
        for name, symbol in self.symbols.items():
            if symbol.kind == "function":
                names.setdefault(symbol.address, name)
        return sorted(names.items())


def read_elf(path: Path, *, toolchain: str = "", toolchain_version: str = "", flags: tuple[str, ...] = ()) -> Elf:
    """Reads a linked firmware. `toolchain`, its version and `flags` are kept as what made it.

    Of local symbols with the same name, all but the first are listed as `name@address`.
    """
    with path.open("rb") as stream:
        file: Any = ELFFile(stream)
        return Elf(
            path=path,
            entry=file.header.e_entry & ~1,
            symbols=_symbols(file),
            sections=_sections(file),
            segments=tuple(
                Segment(segment.header.p_vaddr, segment.header.p_paddr, bytes(segment.data()))
                for segment in _load_segments(file)
            ),
            toolchain=toolchain,
            toolchain_version=toolchain_version,
            flags=flags,
        )


def _load_segments(file: Any) -> list[Any]:
    """The segments that have content."""
    return [s for s in file.iter_segments() if s.header.p_type == "PT_LOAD" and s.header.p_filesz > 0]


def _sections(file: Any) -> dict[str, Section]:
    allocated = [s for s in file.iter_sections() if s.header.sh_flags & 2 and s.header.sh_size > 0]  # SHF_ALLOC
    return {s.name: Section(s.header.sh_addr, s.header.sh_size, _load_address(file, s)) for s in allocated}


def _load_address(file: Any, section: Any) -> int | None:
    if section.header.sh_type == "SHT_NOBITS":
        return None
    for segment in _load_segments(file):
        if segment.section_in_segment(section):
            return segment.header.p_paddr + section.header.sh_addr - segment.header.p_vaddr
    return None


def _symbols(file: Any) -> dict[str, Symbol]:
    symbols: dict[str, Symbol] = {}
    for entry in sorted(file.get_section_by_name(".symtab").iter_symbols(), key=_globals_first):
        name, kind = entry.name, _KINDS.get(entry.entry.st_info.type)
        if kind is None or not name or name.startswith("$") or entry.entry.st_shndx == "SHN_UNDEF":  # $t, $d: mapping
            continue
        address = entry.entry.st_value & ~1 if kind == "function" else entry.entry.st_value
        symbols[f"{name}@{address:#x}" if name in symbols else name] = Symbol(address, entry.entry.st_size, kind)
    return symbols


def _globals_first(symbol: Any) -> bool:
    return symbol.entry.st_info.bind == "STB_LOCAL"
