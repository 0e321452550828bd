"""Any Cortex-M image, with one clear error for what is none or is not for the board."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile

from tinyprune.board import Board
from tinyprune.emulators.span import BOOTED, Point, Span, vector_table
from tinyprune.errors import TinypruneError, unknown_name
from tinyprune.toolchain.elf import Elf, read_elf

MICROCONTROLLER = ord("M")  # Tag_CPU_arch_profile, ABI addenda of the Arm architecture (IHI0045) 3.3.5.2
INVOKE = "tp_invoke"
NAMES_SHOWN = 30


def load(path: Path, board: Board) -> Elf:
    """The image in `path`. TinypruneError where it is no linked Cortex-M image with symbols, or not for `board`."""
    try:
        with path.open("rb") as stream:
            if reason := _refusal(ELFFile(stream)):
                raise TinypruneError(f"{path} {reason[0]}", remedy=reason[1])
    except OSError as error:
        raise TinypruneError(f"cannot read {path}: {error.strerror}") from error
    except ELFError as error:
        raise TinypruneError(
            f"{path} is not an ELF file: {error}", remedy="give the linker's output, not a .bin or .hex"
        ) from error
    elf = read_elf(path)
    _check_memories(elf, board)
    return elf


def _refusal(file: Any) -> tuple[str, str] | None:
    """What is wrong with the image and what to do, None where nothing is."""
    if file.header.e_machine != "EM_ARM":
        return f"is not for Arm: its machine is {file.header.e_machine}", "give an image that was linked for a Cortex-M"
    if file.header.e_type != "ET_EXEC":
        return "is not linked: it has no place in memory", "give the linker's output, not an object file"
    if not _is_cortex_m(file):
        return "is not for a Cortex-M: another profile of the architecture", "compile it with -mcpu=cortex-m..."
    symbols = file.get_section_by_name(".symtab")
    if symbols is None or not any(one.entry.st_info.type == "STT_FUNC" for one in symbols.iter_symbols()):
        return "has no symbols", "give the image as it was before strip"
    return None


def _is_cortex_m(file: Any) -> bool:
    """By its build attributes; without any, whether it begins in Thumb state."""
    attributes = file.get_section_by_name(".ARM.attributes")
    if attributes is None:
        return bool(file.header.e_entry & 1)
    tags = {
        attribute.tag: attribute.value
        for subsection in attributes.iter_subsections()
        for part in subsection.iter_subsubsections()
        for attribute in part.iter_attributes()
    }
    return tags.get("TAG_CPU_ARCH_PROFILE", MICROCONTROLLER) == MICROCONTROLLER


def _check_memories(elf: Elf, board: Board) -> None:
    places = {name: (section.address, section.bytes) for name, section in elf.sections.items()}
    contents = {
        f"the initial content of 0x{one.address:08x}": (one.load_address, len(one.data)) for one in elf.segments
    }
    for name, (start, size) in {**places, **contents}.items():
        if not any(memory.origin <= start and start + size <= memory.end for memory in board.memory.values()):
            memories = ", ".join(f"{n} 0x{m.origin:08x} to 0x{m.end - 1:08x}" for n, m in board.memory.items())
            raise TinypruneError(
                f"{elf.path}: {name}, 0x{start:08x} to 0x{start + size - 1:08x}, "
                f"is outside the memories of {board.name}",
                remedy=f"it has {memories}; take the board that the image was linked for, or a file: --board my.toml",
            )


def span(elf: Elf, board: Board, begin: str | None, end: str | None, function: str | None) -> Span:
    """What is to be counted of `elf`: as it is asked for, else one `tp_invoke`, else `main`, else from reset to exit.

    Raises TinypruneError for names that the image does not have, with the nearest.
    """
    if function and (begin or end):
        raise TinypruneError("--function excludes --begin and --end", remedy="--begin SYM alone ends where SYM returns")
    if end and not begin:
        raise TinypruneError(f"--end {end} is without --begin")
    if function:
        return Span(point(elf, function), called=True)
    if vector_table(elf, board) is None:
        raise TinypruneError(
            f"{elf.path} has no vector table in the memories of {board.name}, so it cannot boot",
            remedy="profile one function of it: --function SYM",
        )
    if begin:
        return _between(point(elf, begin), point(elf, end) if end else None)
    name = next((name for name in (INVOKE, BOOTED) if name in elf.symbols), None)
    return Span(point(elf, name) if name else Point("reset", elf.entry))


def _between(begin: Point, end: Point | None) -> Span:
    if end and begin.address == end.address:
        raise TinypruneError(
            f"--begin {begin.name} and --end {end.name} are the same address: nothing is between them",
            remedy="--begin SYM alone ends where SYM returns",
        )
    return Span(begin, end)


def point(elf: Elf, name: str) -> Point:
    """The address of the function or label `name`."""
    symbol = elf.symbols.get(name)
    if symbol is None or symbol.kind == "object":
        known = [known for known, one in elf.symbols.items() if one.kind != "object"]
        error = unknown_name("symbol", name, known)
        shown = error.remedy if len(known) <= NAMES_SHOWN else error.remedy.partition("known: ")[0]
        raise TinypruneError(f"{elf.path}: {error.what}", remedy=shown.strip() or "list them with nm")
    return Point(name, symbol.address & ~1)
