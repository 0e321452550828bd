"""Addresses to lines of source, from the DWARF of an image."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from elftools.elf.elffile import ELFFile

END: tuple[str, int] = "", 0
DIRECTORIES_FROM_0 = 5  # DWARF 5, 6.2.4: directories and files are numbered from 0; before, from 1


@dataclass(frozen=True)
class SourceLines:
    """`rows` are (address, (file, line)) in the order of addresses, each up to the next; END where none is known."""

    rows: tuple[tuple[int, tuple[str, int]], ...]

    def at(self, address: int) -> tuple[str, int] | None:
        """The file, as the compiler was given it, and the line; None where the image does not tell."""
        i = bisect_right(self.rows, address, key=lambda row: row[0]) - 1
        found = self.rows[i][1] if i >= 0 else END
        return None if found == END else found


def source_lines(path: Path) -> SourceLines:
    """Those of the image in `path`; none where it was compiled without -g."""
    with path.open("rb") as stream:
        file: Any = ELFFile(stream)
        if not file.has_dwarf_info():
            return SourceLines(())
        dwarf = file.get_dwarf_info()
        programs = (dwarf.line_program_for_CU(unit) for unit in dwarf.iter_CUs())
        rows = [row for program in programs if program for row in _rows(program)]
    # Of several at one address the last holds; but where code of one file ends, that of another may have begun.
    by_address = dict(sorted(rows, key=lambda row: (row[0], row[1] != END)))
    return SourceLines(tuple(by_address.items()))


def _rows(program: Any) -> Iterator[tuple[int, tuple[str, int]]]:
    files = [_file(program.header, entry) for entry in program.header.file_entry]
    first = 0 if program.header.version >= DIRECTORIES_FROM_0 else 1
    for entry in program.get_entries():
        state = entry.state
        if state is not None and state.address > 0:  # 0: what the linker dropped
            known = not state.end_sequence and state.line > 0
            yield state.address, (files[state.file - first], state.line) if known else END


def _file(header: Any, entry: Any) -> str:
    """Its name with the directory; of the directory in which the compiler ran, without."""
    folders = header.include_directory
    number = entry.dir_index if header.version >= DIRECTORIES_FROM_0 else entry.dir_index - 1
    name, folder = (_text(part) for part in (entry.name, folders[number] if 0 <= number < len(folders) else b""))
    return (Path(folder) / name).as_posix()


def _text(name: bytes) -> str:
    return name.decode("utf-8", "replace")
