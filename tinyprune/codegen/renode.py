"""What Renode and `renode-test` need beside the image: the board as a platform, a script, a Robot Framework suite."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping

from tinyprune import reference
from tinyprune.board import Board, Region
from tinyprune.codegen.files import Files
from tinyprune.codegen.templates import render
from tinyprune.ir import Graph, Int8

CPU_TYPES: Mapping[str, str] = {
    "cortex-m0": "cortex-m0",
    "cortex-m0plus": "cortex-m0+",
    "cortex-m3": "cortex-m3",
    "cortex-m4": "cortex-m4",
    "cortex-m4f": "cortex-m4f",
    "cortex-m7": "cortex-m7",
    "cortex-m33": "cortex-m33",
}
"""A board's core -> Renode's name of it."""

PERIPHERALS = Region(0x4000_0000, 0x2000_0000)  # DDI0403 B3.1: the address map of ARMv7-M
SYSTEM = Region(0xE000_0000, 0xF000)  # the trace units and, from 0xE000E000, what Renode calls NVIC
ADDRESSES = 1 << 32
UART_REGISTER_BYTES = 4
EMULATED_LIMIT_S = 10
"""How long, in the board's time, the firmware may take: a 100 MHz clock gets through 10^9 instructions in it."""


def renode_files(board: Board, graph: Graph, sample: Int8) -> Files:
    """`board.repl`, `board.resc` and `firmware.robot`, whose suite expects the reference's output for `sample`.

    Nothing where Renode has no such core.
    """
    if board.core not in CPU_TYPES:
        return {}
    crc32 = zlib.crc32(reference.output(graph, sample[None]).tobytes())
    values = {"board": board, "crc32": f"{crc32:08x}", "limit_s": EMULATED_LIMIT_S}
    return {
        "board.repl": platform(board),
        "board.resc": render("renode/board.resc.j2", values),
        "firmware.robot": render("renode/firmware.robot.j2", values),
    }


def platform(board: Board) -> str:
    """The board as a platform description: core, memories, UART, and registers as `emulation` in its file says."""
    values = {"board": board, "cpu_type": CPU_TYPES[board.core], "peripherals": list(_peripherals(board))}
    return render("renode/board.repl.j2", values)


def _peripherals(board: Board) -> Iterator[Region]:
    """All peripheral addresses but that of the UART: Renode refuses overlaps."""
    uart = Region(board.uart.transmit_address, UART_REGISTER_BYTES)
    yield Region(PERIPHERALS.origin, uart.origin - PERIPHERALS.origin)
    yield Region(uart.end, PERIPHERALS.end - uart.end)


def gaps(board: Board) -> Iterator[Region]:
    """The addresses where `platform` has nothing, in order."""
    position = 0
    for region in sorted([*board.memory.values(), PERIPHERALS, SYSTEM], key=lambda region: region.origin):
        if region.origin > position:
            yield Region(position, region.origin - position)
        position = region.end
    yield Region(position, ADDRESSES - position)
