"""The firmware around a model: start-up, port, main program and linker script, for one board."""

import re

from tinyprune.board import Board
from tinyprune.codegen.files import Files
from tinyprune.codegen.templates import render, text
from tinyprune.errors import BudgetError

COMMON_FILES = (
    "console.c",
    "console.h",
    "main.c",
    "port.h",
    "runtime.c",
    "startup.c",
    "startup.h",
    "string.h",
)

OTHER_STATIC_BYTES = 1024
"""What to leave free in SRAM for variables that are neither arena nor stack."""


def firmware_files(board: Board, *, arena_bytes: int, resident_bytes: int = 0, stack_bytes: int = 4096) -> Files:
    """All files of the firmware but the model's own (`model.c`, `model.h`, `sample_input.c`, `sample_input.h`).

    `resident_bytes` of weights lie in SRAM too. `stack_bytes` is rounded up to a multiple of 8. Raises BudgetError
    where the board's SRAM cannot hold the arena and them.
    """
    check_sram(board, arena_bytes, stack_bytes, resident_bytes)
    files: Files = {name: text(name) for name in COMMON_FILES}
    files |= _port(board.family)
    files["firmware.ld"] = _linker_script(board, arena_bytes + resident_bytes, stack_bytes)
    return files


def _port(family: str) -> Files:
    """The family's port, and the headers that it includes, directly or not."""
    files: Files = {"port.c": text(f"families/{family}/port.c")}
    wanted = [files["port.c"]]
    while wanted:
        for header in re.findall(r'#include "(\w+\.h)"', str(wanted.pop())):
            if header not in files:
                files[header] = text(header)
                wanted.append(files[header])
    return files


def check_sram(board: Board, arena_bytes: int, stack_bytes: int, resident_bytes: int = 0) -> None:
    """Raises BudgetError where the arena, resident weights, and the stack unless that can move to ccm, are larger than
    the SRAM."""
    in_sram = {"the activation arena": arena_bytes}
    if resident_bytes:
        in_sram["resident weights"] = resident_bytes
    if stack_region(board, arena_bytes + resident_bytes, stack_bytes) == "sram":
        in_sram["the stack"] = stack_bytes
    needed, available = sum(in_sram.values()), board.sram.bytes
    if needed <= available:
        return
    parts = " and ".join(f"{name} ({size:,} bytes)" for name, size in in_sram.items())
    raise BudgetError(
        f"{board.title} has {available:,} bytes of SRAM, {needed - available:,} too few for {parts}",
        remedy="prune channels (structured pruning), use a smaller input, or take a board with more",
    )


def stack_region(board: Board, data_bytes: int, stack_bytes: int) -> str:
    """`"sram"`, or `"ccm"` where the board has that and the SRAM does not suffice for `data_bytes` of arena and
    weights, the stack and variables."""
    ccm = board.memory.get("ccm")
    fits_sram = data_bytes + stack_bytes + OTHER_STATIC_BYTES <= board.sram.bytes
    return "sram" if fits_sram or ccm is None or stack_bytes > ccm.bytes else "ccm"


def _linker_script(board: Board, data_bytes: int, stack_bytes: int) -> str:
    region = stack_region(board, data_bytes, stack_bytes)
    return render("firmware.ld.j2", {"board": board, "stack_bytes": stack_bytes, "stack_region": region})
