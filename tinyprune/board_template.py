"""The start of a user's own board file: one that works, with every key explained."""

from __future__ import annotations

from pathlib import Path

from tinyprune import board
from tinyprune.board import CORES, FLASHERS, Board
from tinyprune.errors import TinypruneError

HEADER = """\
# A board of your own, begun from {like}. Use it: tinyprune build MODEL --board {name}
#
# title         for people
# family        the start-up code: clock, UART, cycle counter of a chip family; one of
#               {families}
# core          {cores}
# clock_hz      the core's clock, as the family's port starts it
# [memory.X]    origin and bytes; flash and sram must be there, ccm may be: core-coupled, for the stack
# [flash_timing]
#   wait_states 0 alone where the flash keeps up; else also prefetch, instruction_cache and data_cache:
#               {{ lines, line_bytes, row_lines, ways }}
#   not_modelled  instead of all these: why cycles that wait for the flash are not claimed
# [uart]        name, pins, baud: for people and for reading results back; transmit_address: the data register
# [[emulation.registers]]  address, and the bits that it reads beside what was written to it: "ready" flags
# [flashers]    the tool's word for the board; any of {flashers}
# uf2_family    needed with flashers.uf2: the number of the chip family in UF2 files

"""


def text(name: str, like: Board) -> str:
    """The board file `name`: that of `like`, after an explanation of each key."""
    return (
        HEADER.format(
            like=like.name,
            name=name,
            families=", ".join(board.families()),
            cores=", ".join(CORES),
            flashers=", ".join(FLASHERS),
        )
        + like.toml
    )


def write(file: Path, like: str) -> None:
    """Writes it. Raises TinypruneError for a file that is there, or whose name does not end in .toml."""
    content = text(file.name, board.load(like))
    if file.suffix != ".toml":
        raise TinypruneError(f"{file} is no name for a board file", remedy="let it end in .toml")
    try:
        with file.open("x", encoding="utf-8", newline="\n") as stream:
            stream.write(content)
    except FileExistsError as error:
        raise TinypruneError(f"{file} exists", remedy="choose another name, or remove it") from error
    except OSError as error:
        raise TinypruneError(f"cannot write {file}: {error.strerror}") from error
