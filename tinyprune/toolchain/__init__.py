"""Files to Elf: finds a compiler, runs it, and reads back what it made."""

from tinyprune.toolchain.building import build, link, write_files
from tinyprune.toolchain.compilers import Toolchain, find
from tinyprune.toolchain.elf import Elf, Section, Segment, Symbol, read_elf
from tinyprune.toolchain.memory import FlashUse, MemoryUse, memory_use

__all__ = [
    "Elf",
    "FlashUse",
    "MemoryUse",
    "Section",
    "Segment",
    "Symbol",
    "Toolchain",
    "build",
    "find",
    "link",
    "memory_use",
    "read_elf",
    "write_files",
]
