"""One compiler command from Files to `firmware.elf`, `.map`, `.bin` and `.hex`."""

import os
import shlex
import subprocess
from pathlib import Path, PurePosixPath

from tinyprune.board import Board
from tinyprune.codegen.files import Files
from tinyprune.errors import TinypruneError
from tinyprune.toolchain import images
from tinyprune.toolchain.compilers import Toolchain
from tinyprune.toolchain.elf import Elf, read_elf
from tinyprune.toolchain.overflow import overflow_error

ERROR_LINES = 20


def build(files: Files, board: Board, toolchain: Toolchain, directory: Path) -> Elf:
    """Links `files` as `link` does, and writes `firmware.bin` and `.hex` beside the `.elf`."""
    elf = link(files, board, toolchain, directory)
    (directory / "firmware.bin").write_bytes(images.binary(elf))
    (directory / "firmware.hex").write_text(images.intel_hex(elf), encoding="ascii", newline="\n")
    return elf


def link(files: Files, board: Board, toolchain: Toolchain, directory: Path) -> Elf:
    """Writes `files` into `directory` (made where missing) and compiles and links them there.

    The same files give the same `firmware.elf`, byte for byte, in any directory. Raises BudgetError where the firmware
    is larger than the board's flash or SRAM, and TinypruneError with the command and the compiler's words for anything
    else.
    """
    directory = directory.resolve()
    write_files(files, directory)
    flags = toolchain.flags(board.core)
    _compile(_command(files, toolchain, flags, directory), board, toolchain, directory)
    return read_elf(
        directory / "firmware.elf", toolchain=toolchain.name, toolchain_version=toolchain.version, flags=flags
    )


def write_files(files: Files, directory: Path) -> None:
    """Writes each file below `directory`, line ends as they are."""
    for name, content in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


def _command(files: Files, toolchain: Toolchain, flags: tuple[str, ...], directory: Path) -> list[str]:
    """Relative paths only, and the directory's own name mapped away: it would end up in the debug information."""
    gcc = toolchain.name == "gcc"
    sources = sorted(name for name in files if name.endswith(".c"))
    header_folders = sorted({str(PurePosixPath(name).parent) for name in files if name.endswith(".h")})
    return [
        *toolchain.command,
        *flags,
        f"-ffile-prefix-map={directory}=." if gcc else "-ffile-compilation-dir=.",  # clang trips over a '=' in the name
        *(f"-I{folder}" for folder in header_folders),
        *sources,
        "-Tfirmware.ld",
        *(["-lgcc", "-Wl,-Map=firmware.map"] if gcc else ["-Wl,--print-map"]),
        "-o",
        "firmware.elf",
    ]


def _compile(command: list[str], board: Board, toolchain: Toolchain, directory: Path) -> None:
    # LC_ALL: English, for overflow_error(). PWD: gcc writes it into the ELF, and it may be a link to the directory.
    environment = {**os.environ, "LC_ALL": "C", "PWD": str(directory)}
    result = subprocess.run(
        command, cwd=directory, env=environment, capture_output=True, encoding="utf-8", errors="replace", check=False
    )
    if result.returncode != 0:
        raise overflow_error(result.stderr, board) or _compiler_error(command, directory, result.stderr)
    if toolchain.name == "zig":  # knows no -Map
        (directory / "firmware.map").write_text(result.stdout, encoding="utf-8")


def _compiler_error(command: list[str], directory: Path, stderr: str) -> TinypruneError:
    lines = stderr.strip().splitlines()
    shown = lines[:ERROR_LINES] + (["..."] if len(lines) > ERROR_LINES else [])
    return TinypruneError(
        "\n".join(["the firmware does not compile:", *shown]),
        remedy=f"to see it again: cd {shlex.quote(str(directory))} && {shlex.join(command)}",
    )
