"""What `tinyprune profile` does: an image or a build directory to a `Profile`, and beside it what hardware measured."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from tinyprune import board as boards
from tinyprune import emulated, emulators
from tinyprune.board import Board
from tinyprune.directory import read_report
from tinyprune.emulators.faults import EmulationError
from tinyprune.emulators.span import Counted, Span
from tinyprune.errors import TinypruneError
from tinyprune.profiling import hardware, images, viewers
from tinyprune.profiling.hardware import Comparison
from tinyprune.profiling.profile import Profile, document, priced
from tinyprune.toolchain.elf import Elf

FIRMWARE = "firmware.elf"


def profile(
    target: str | Path,
    board: str | None = None,
    *,
    begin: str | None = None,
    end: str | None = None,
    function: str | None = None,
    emulator: str | None = None,
    output: str | Path | None = None,
) -> Profile:
    """Runs a Cortex-M image, or that of a build directory, and says where its cycles go.

    Counted is from the first arrival at the symbol `begin` to the next at `end`, or to the return from `begin`; or one
    call of `function`; else one `tp_invoke`, else `main`, else from reset to exit. Files for viewers go into `output`,
    for a build directory into it.

    Raises TinypruneError for anything the caller can put right.
    """
    path, on = _image(Path(target), board)
    elf = images.load(path, on)
    span = images.span(elf, on, begin, end, function)
    result = priced(elf, on, _counted(emulator or emulated.able(on), elf, on, span), str(span))
    if folder := output or (target if Path(target).is_dir() else None):
        _write(result, Path(folder))
    return result


def _image(target: Path, board: str | None) -> tuple[Path, Board]:
    if target.is_dir():
        name = read_report(target)["board"]
        return target / FIRMWARE, boards.load(board) if board else boards.load_file(target / f"{name}.toml")
    if not target.exists():
        raise TinypruneError(f"there is no image or build directory {target}")
    if board is None:
        raise TinypruneError("an image does not say what board it is for", remedy="--board, see `tinyprune boards`")
    return target, boards.load(board)


def _counted(emulator: str, elf: Elf, board: Board, span: Span) -> Counted:
    try:
        return emulators.count(emulator, elf, board, span)
    except EmulationError as error:
        if not span.called:
            raise
        remedy = f"--function calls without arguments; to count it as the program calls it: --begin {span.begin.name}"
        raise EmulationError(error.what, remedy=remedy) from error


def _write(result: Profile, folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        viewers.write(result, folder)
    except OSError as error:
        raise TinypruneError(f"cannot write to {folder}: {error.strerror}") from error


def measured(result: Profile, log: Path | None, port: str | None, say: Callable[[str], None]) -> Comparison | None:
    """What hardware measured beside `result`, from a log or a serial port; None where neither is given."""
    if log and port:
        raise TinypruneError("--from-log excludes --serial")
    if log:
        return hardware.compare(result, hardware.read_log(log))
    if port:
        say(f"waiting for the board on {port}: reset it now")
        return hardware.compare(result, hardware.read_serial(port, result.board.uart.baud))
    return None


def to_json(result: Profile, measured: Comparison | None) -> str:
    """What `tinyprune profile --json` prints; `measured` is null where nothing was."""
    content = {**document(result), "measured": hardware.document(measured) if measured else None}
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"
