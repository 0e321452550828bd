"""The programming tools, in order of preference: what starts them, and how to get them."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

Command = tuple[str, ...]


@dataclass(frozen=True)
class Flasher:
    """A programming tool.

    `arguments(target, directory)` is what to run it with, one tuple a run, to program and reset the board; `target` is
    the board file's word for the board in this tool.
    """

    arguments: Callable[[str, Path], tuple[Command, ...]]
    install: str
    remedy: str


def _pyocd(target: str, directory: Path) -> tuple[Command, ...]:
    # Without --no-wait it would wait for ever for a board that is not there.
    return (("flash", "--no-wait", "--target", target, str(directory / "firmware.hex")),)


def _openocd(target: str, directory: Path) -> tuple[Command, ...]:
    elf = (directory / "firmware.elf").as_posix()  # OpenOCD reads Tcl: braces keep spaces, backslashes would be escapes
    return (("-f", target, "-c", f"program {{{elf}}} verify reset exit"),)


def _st_flash(target: str, directory: Path) -> tuple[Command, ...]:
    return (("--reset", "write", str(directory / "firmware.bin"), target),)


def _probe_rs(target: str, directory: Path) -> tuple[Command, ...]:
    download = ("download", "--verify", "--chip", target, str(directory / "firmware.elf"))
    return (download, ("reset", "--chip", target))


def _picotool(target: str, directory: Path) -> tuple[Command, ...]:
    return (("load", "-v", "-x", str(directory / "firmware.elf"), "-t", "elf"),)


def _uf2(target: str, directory: Path) -> tuple[Command, ...]:
    return ((target, str(directory / "firmware.uf2")),)


FLASHERS: dict[str, Flasher] = {
    "pyocd": Flasher(
        _pyocd,
        install="pip install pyocd",
        remedy="connect the board; where pyocd does not know the target: `pyocd pack install {target}`",
    ),
    "openocd": Flasher(
        _openocd,
        install="apt install openocd, brew install openocd",
        remedy="connect the board; see that no other debugger holds its probe",
    ),
    "st-flash": Flasher(
        _st_flash,
        install="apt install stlink-tools, brew install stlink",
        remedy="connect the board; `st-info --probe` must list it",
    ),
    "probe-rs": Flasher(
        _probe_rs,
        install="https://probe.rs/docs/getting-started/installation",
        remedy="connect the board; `probe-rs list` must list its probe",
    ),
    "picotool": Flasher(
        _picotool,
        install="brew install picotool; else https://github.com/raspberrypi/picotool/releases",
        remedy="hold BOOTSEL while you connect the board; `picotool info` must find it",
    ),
    "uf2": Flasher(
        _uf2,
        install="it comes with tinyprune",
        remedy="hold BOOTSEL while you connect the board, and see that its drive {target} is mounted",
    ),
}
