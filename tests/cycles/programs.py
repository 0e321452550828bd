"""Small programs that each decide one rule of a cycle model, and what a hand counts for them.

The programs are machine code, so that no compiler is needed; assemblers, where there are any, confirm them.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from elftools.elf.elffile import ELFFile

from tinyprune.board import FlashTiming
from tinyprune.cycles import CycleModel, price
from tinyprune.emulators.run import Block
from tinyprune.toolchain.compilers import CORE_FLAGS

FLASH = 0x0800_0000
NO_WAIT = FlashTiming(0)


class Program(NamedTuple):
    rule: str
    assembly: str
    code: str
    cycles: int
    count: int = 1
    taken: int = 0
    entered: int = 0
    offset: int = 0


def passing(rule: str, assembly: str, code: str, cycles: int) -> Program:
    return Program(rule, assembly, code, cycles)


def leaving(rule: str, assembly: str, code: str, cycles: int) -> Program:
    return Program(rule, assembly, code, cycles, taken=1)


def cycles(program: Program, model: CycleModel) -> int | None:
    code = bytes.fromhex(program.code)
    start = FLASH + program.offset
    block = Block("layer", start, len(code), 0, program.count, program.taken, program.entered)
    return price([block], lambda address, size: code, model, NO_WAIT).cost.cycles


def assemblers() -> dict[str, tuple[str, ...]]:
    """The commands of those that are installed."""
    gcc = shutil.which("arm-none-eabi-gcc")
    zig = (sys.executable, "-m", "ziglang", "cc")
    has_zig = subprocess.run([*zig, "--version"], capture_output=True, check=False).returncode == 0
    return ({"gcc": (gcc,)} if gcc else {}) | ({"zig": zig} if has_zig else {})


def assembled(programs: Sequence[Program], core: str, assembler: str, folder: Path) -> str:
    """The machine code of all `programs`, as hexadecimal text."""
    source, image = folder / "programs.s", folder / "programs.o"
    lines = [line for program in programs for line in program.assembly.split("; ")]
    source.write_text("\n".join([".syntax unified", ".thumb", *lines, ""]))
    command = [*assemblers()[assembler], *CORE_FLAGS[assembler, core], "-c", str(source), "-o", str(image)]
    subprocess.run(command, check=True)
    with image.open("rb") as stream:
        return ELFFile(stream).get_section_by_name(".text").data().hex()
