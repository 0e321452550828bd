"""Copies a UF2 file to the drive that a chip's boot loader shows: `python -m tinyprune.flashing.uf2 BOARD-ID FILE`.

A program of its own, so that it is run, shown and fails as the other programming tools do.
"""

from __future__ import annotations

import shutil
import string
import sys
from collections.abc import Iterator
from pathlib import Path

INFO = "INFO_UF2.TXT"  # github.com/microsoft/uf2, README: every UF2 drive has it, with a line "Board-ID: ..."
PLACES = ("/media/*", "/media/*/*", "/run/media/*/*", "/mnt/*", "/Volumes/*")


def drives() -> Iterator[Path]:
    """Where drives may be mounted."""
    if sys.platform == "win32":
        yield from (Path(f"{letter}:/") for letter in string.ascii_uppercase)
    else:
        for pattern in PLACES:
            yield from sorted(Path("/").glob(pattern[1:]))


def is_drive_of(folder: Path, board_id: str) -> bool:
    """Whether `folder` is the drive of a UF2 boot loader that calls itself `board_id`."""
    try:
        lines = (folder / INFO).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    return f"Board-ID: {board_id}" in (line.strip() for line in lines)


def main(board_id: str, file: str) -> int:
    found = [folder for folder in drives() if is_drive_of(folder, board_id)]
    if len(found) != 1:
        say = f"no drive of a {board_id} is mounted" if not found else f"more than one: {', '.join(map(str, found))}"
        print(say, file=sys.stderr)
        return 1
    shutil.copyfile(file, found[0] / Path(file).name)
    print(f"{file} -> {found[0]}")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
