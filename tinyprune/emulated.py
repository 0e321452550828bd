"""Which emulators have which boards: tables alone, so that nothing has to be loaded to tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tinyprune.board import Board, Region
from tinyprune.errors import TinypruneError

UNICORN_CORES = ("cortex-m0", "cortex-m0plus", "cortex-m3", "cortex-m4", "cortex-m4f", "cortex-m7", "cortex-m33")

RENODE_CORES: Mapping[str, str] = {
    "cortex-m0": "cortex-m0",
    "cortex-m0plus": "cortex-m0+",
    "cortex-m3": "cortex-m3",
    "cortex-m4": "cortex-m4",
    "cortex-m4f": "cortex-m4f",
    "cortex-m7": "cortex-m7",
    "cortex-m33": "cortex-m33",
}
"""A board's core -> Renode's name of it."""


@dataclass(frozen=True)
class Machine:
    """A machine of QEMU's: `serial` is the number of the UART that the firmware prints on."""

    name: str
    cores: tuple[str, ...]
    memory: tuple[Region, ...]
    serial: int


# Source: hw/arm of QEMU 7.2. netduinoplus2 has its SRAM in one piece and no CCM; stm32vldiscovery is another chip of
# the same family, with less SRAM.
QEMU_MACHINES: Mapping[str, Machine] = {
    "stm32f4": Machine(
        "netduinoplus2",
        ("cortex-m4", "cortex-m4f"),
        (Region(0x0800_0000, 0x10_0000), Region(0x2000_0000, 0x3_0000)),
        serial=1,
    ),
    "stm32f1": Machine(
        "stm32vldiscovery",
        ("cortex-m3",),
        (Region(0x0800_0000, 0x2_0000), Region(0x2000_0000, 0x2000)),
        serial=0,
    ),
    "nrf51": Machine(
        "microbit",
        ("cortex-m0",),
        (Region(0x0000_0000, 0x4_0000), Region(0x2000_0000, 0x4000)),
        serial=0,
    ),
    "mps3": Machine(
        "mps3-an547",
        ("cortex-m55",),
        (Region(0x1000_0000, 0x8_0000), Region(0x3000_0000, 0x8_0000)),
        serial=0,
    ),
}
"""A board's family -> the machine that runs its firmware."""


def qemu_machine(board: Board) -> Machine | None:
    machine = QEMU_MACHINES.get(board.family)
    return machine if machine and board.core in machine.cores else None


def emulators(board: Board) -> tuple[str, ...]:
    """The emulators that can run a firmware for `board`, installed or not."""
    has = {
        "unicorn": board.core in UNICORN_CORES,
        "qemu": qemu_machine(board) is not None,
        "renode": board.core in RENODE_CORES,
    }
    return tuple(name for name, runs in has.items() if runs)


def able(board: Board, wanted: str | None = None) -> str:
    """The emulator called `wanted`, else the first one, that can run a firmware for `board`; TinypruneError where it
    cannot, or none can."""
    known = emulators(board)
    if wanted is not None and wanted in known:
        return wanted
    if wanted is None and known:
        return known[0]
    others = f"take --emulator {' or '.join(known)}" if known else "--emulator none builds it without running it"
    what = f"{wanted} cannot" if wanted else "no emulator can"
    raise TinypruneError(f"{what} run firmware for {board.name}, which has a {board.core}", remedy=others)
