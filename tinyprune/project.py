"""What a command works on: its options, else `tinyprune.toml` in the working directory, else the bundled example."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tinyprune import paths
from tinyprune.errors import TinypruneError, unknown_name

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FILE = "tinyprune.toml"
KEYS: dict[str, type | tuple[type, ...]] = {"model": str, "data": str, "sparsity": (int, float), "board": str}


UNITS = {"K": 1 << 10, "M": 1 << 20}


@dataclass(frozen=True)
class Job:
    model: Path
    board: str
    data: str | None
    sparsity: float

    @property
    def output(self) -> Path:
        """The default build directory, in the working directory."""
        return Path("build") / f"{self.model.stem}-{Path(self.board).stem}"


def job(
    model: Path | None, board: str | None, data: str | None, sparsity: float | None, note: Callable[[str], None]
) -> Job:
    """The job that the options describe; what they leave out comes from the project file where no model is given."""
    settings: dict[str, Any] = {}
    if model is None:
        file = Path(FILE)
        if not file.is_file():
            file = paths.example() / FILE
            note(f"no model given and no {FILE} here: the bundled example, {paths.example().name}")
        settings = _read(file)
        if "model" not in settings:
            raise TinypruneError(f"{file} names no model", remedy='add a line: model = "FILE.keras"')
    board = board or settings.get("board")
    if board is None:
        raise TinypruneError("no board given", remedy="give --board NAME; `tinyprune boards` lists them")
    return Job(
        model=model or Path(settings["model"]),
        board=board,
        data=data or settings.get("data"),
        sparsity=sparsity if sparsity is not None else float(settings.get("sparsity", 0.0)),
    )


def size(text: str) -> int:
    """A number of bytes: 65536, 64K or 1M. Raises TinypruneError for anything else."""
    number, unit = (text[:-1], text[-1].upper()) if text[-1:].upper() in UNITS else (text, "")
    if not number.isdecimal():
        raise TinypruneError(f"'{text}' is not a number of bytes", remedy="give 65536, 64K or 1M")
    return int(number) * UNITS.get(unit, 1)


def _read(file: Path) -> dict[str, Any]:
    """The settings in a project file; model and data are taken as relative to it."""
    try:
        settings = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TinypruneError(f"cannot read {file}: {error}") from error
    for key, value in settings.items():
        if key not in KEYS:
            raise unknown_name(f"key in {file}", key, KEYS)
        if not isinstance(value, KEYS[key]) or isinstance(value, bool):
            raise TinypruneError(f"{file}: {key} is {value!r}, which is not of its type")
    for key in ("model", "data"):
        if key in settings and ":" not in settings[key]:
            settings[key] = str(file.parent / settings[key])
    return settings
