"""Boards: one declarative TOML file each, loaded into a validated, frozen `Board`."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tinyprune import paths
from tinyprune.errors import TinypruneError, unknown_name
from tinyprune.toml_table import Table

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

# What kernels may need of a core: "dsp", the DSP extension (DDI0403 A1.3; DDI0553 for ARMv8-M). A Cortex-M33 can be had
# without it; compilers take it to be there, as it is in most chips. "no_dsp" is its absence: kernels that make do
# without it run on any core, but have nothing to give to one that has it.
FEATURES: dict[str, frozenset[str]] = {
    "cortex-m0": frozenset({"no_dsp"}),
    "cortex-m0plus": frozenset({"no_dsp"}),
    "cortex-m3": frozenset({"no_dsp"}),
    "cortex-m4": frozenset({"dsp"}),
    "cortex-m4f": frozenset({"dsp"}),
    "cortex-m7": frozenset({"dsp"}),
    "cortex-m33": frozenset({"dsp"}),
    "cortex-m55": frozenset({"dsp"}),
}
CORES = tuple(FEATURES)
ALL_FEATURES = frozenset[str]().union(*FEATURES.values())
FLASHERS = ("pyocd", "openocd", "st-flash", "probe-rs", "picotool", "uf2")


@dataclass(frozen=True)
class Region:
    """An address range of on-chip memory."""

    origin: int
    bytes: int

    @property
    def end(self) -> int:
        return self.origin + self.bytes


@dataclass(frozen=True)
class LineCache:
    """A cache of flash lines, in rows of `row_lines` that follow on each other.

    A row is filled line by line, as they are read, and replaced as a whole: the least recently used of the `ways` rows
    that can hold the same address.
    """

    lines: int
    line_bytes: int
    ways: int
    row_lines: int = 1

    @property
    def rows(self) -> int:
        return self.lines // self.row_lines

    @property
    def sets(self) -> int:
        return self.rows // self.ways


@dataclass(frozen=True)
class FlashTiming:
    """How the core reads the flash. The caches are those of instructions and of data, and None without wait states.

    `not_modelled` is why nothing more is said: the core waits for its flash, and how long is not claimed.
    """

    wait_states: int
    prefetch: bool = False
    instructions: LineCache | None = None
    data: LineCache | None = None
    not_modelled: str = ""


@dataclass(frozen=True)
class Uart:
    name: str
    pins: str
    baud: int
    transmit_address: int


@dataclass(frozen=True)
class Register:
    """A peripheral register that, emulated, answers `reads_set` beside what was last written to it."""

    address: int
    reads_set: int


@dataclass(frozen=True)
class Board:
    """What `boards/<name>.toml` says. Sizes in bytes, addresses as the core sees them."""

    name: str
    title: str
    family: str
    core: str
    clock_hz: int
    memory: Mapping[str, Region]
    flash_timing: FlashTiming
    uart: Uart
    registers: tuple[Register, ...]
    flashers: Mapping[str, str]
    toml: str
    uf2_family: int | None = None

    @property
    def features(self) -> frozenset[str]:
        """What its core has beside the instructions that all have."""
        return FEATURES[self.core]

    @property
    def flash(self) -> Region:
        return self.memory["flash"]

    @property
    def sram(self) -> Region:
        return self.memory["sram"]


def names() -> list[str]:
    """The boards that ship with tinyprune, sorted."""
    return sorted(file.stem for file in paths.boards().glob("*.toml"))


def load(name: str) -> Board:
    """The board called `name`, or described by the file `name` where that ends in `.toml`.

    Raises TinypruneError for an unknown name (with the nearest ones) and for a file that is not valid.
    """
    if name.endswith(".toml"):
        return load_file(Path(name))
    if name not in names():
        raise unknown_name("board", name, names())
    return load_file(paths.boards() / f"{name}.toml")


def load_file(file: Path) -> Board:
    """Reads and validates one board file; an error names the file, the key and what is allowed there."""
    try:
        text = file.read_text(encoding="utf-8")
        document = tomllib.loads(text)
    except OSError as error:
        raise TinypruneError(f"cannot read board file {file}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise TinypruneError(f"{file} is not valid TOML: {error}") from error
    return _board(file.stem, text, Table(file, "", document))


def _board(name: str, text: str, top: Table) -> Board:
    keys = ("memory", "flash_timing", "uart", "emulation", "flashers")
    memory, flash_timing, uart, emulation, flashers = (top.table(key) for key in keys)
    board = Board(
        name=name,
        title=top.text("title"),
        family=top.text("family", families()),
        core=top.text("core", CORES),
        clock_hz=top.number("clock_hz", 1),
        memory={key: _region(memory, key) for key in memory.keys()},  # noqa: SIM118 (not a dict)
        flash_timing=_flash_timing(flash_timing),
        uart=Uart(uart.text("name"), uart.text("pins"), uart.number("baud", 300), uart.number("transmit_address", 0)),
        registers=tuple(_register(row) for row in emulation.tables("registers")),
        flashers={key: flashers.text(key) for key in FLASHERS if key in flashers.keys()},  # noqa: SIM118
        toml=text,
        uf2_family=top.number("uf2_family", 0) if "uf2_family" in top.keys() else None,  # noqa: SIM118
    )
    if "uf2" in board.flashers and board.uf2_family is None:
        raise top.error("uf2_family", "is missing; flashers.uf2 needs it")
    for key in ("flash", "sram"):
        if key not in board.memory:
            raise memory.error(key, "is missing; it must be a table with origin and bytes")
    for table in (memory, flash_timing, uart, emulation, flashers, top):
        table.done()
    return board


def families() -> tuple[str, ...]:
    """The chip families that have a port."""
    return tuple(sorted(folder.name for folder in (paths.firmware_templates() / "families").iterdir()))


def _region(memory: Table, key: str) -> Region:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", key):
        raise memory.error(key, "must be a lower-case name")
    row = memory.table(key)
    region = Region(row.number("origin", 0), row.number("bytes", 1))
    row.done()
    return region


def _flash_timing(table: Table) -> FlashTiming:
    if "not_modelled" in table.keys():  # noqa: SIM118
        return FlashTiming(0, not_modelled=table.text("not_modelled"))
    wait_states = table.number("wait_states", 0, 255)
    if wait_states == 0:
        return FlashTiming(0)
    instructions, data = (_line_cache(table.table(key)) for key in ("instruction_cache", "data_cache"))
    return FlashTiming(wait_states, table.flag("prefetch"), instructions, data)


def _line_cache(row: Table) -> LineCache:
    cache = LineCache(
        lines=row.number("lines", 1, 0xFFFF),
        line_bytes=row.number("line_bytes", 4, 256),
        ways=row.number("ways", 1, 0xFFFF),
        row_lines=row.number("row_lines", 1, 32),
    )
    if cache.line_bytes & (cache.line_bytes - 1):
        raise row.error("line_bytes", f"is {cache.line_bytes}; it must be a power of two")
    if cache.lines % cache.row_lines:
        raise row.error("row_lines", f"is {cache.row_lines}; it must divide the {cache.lines} lines")
    if cache.rows % cache.ways:
        raise row.error("ways", f"is {cache.ways}; it must divide the {cache.rows} rows")
    row.done()
    return cache


def _register(row: Table) -> Register:
    register = Register(row.number("address", 0), row.number("reads_set", 0))
    row.done()
    return register
