"""Keeps what was measured in the user's cache, by the content of everything that it depends on."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from tinyprune import paths
from tinyprune.board import Board
from tinyprune.toolchain import Toolchain

PACKAGE = Path(__file__).parents[1]
SUFFIXES = (".py", ".c", ".h", ".j2")

Figures = Mapping[str, Any]


def key(*things: object) -> str:
    """A digest of values: numbers, texts, arrays, mappings, sequences, and frozen dataclasses of them."""
    digest = hashlib.sha256()
    for piece in _pieces(things):
        digest.update(len(piece).to_bytes(8, "little") + piece)
    return digest.hexdigest()


def surroundings(board: Board, tools: Toolchain, emulated: bool) -> str:
    """A digest of what the cost of any layer depends on beside the layer."""
    memory = {name: (region.origin, region.bytes) for name, region in board.memory.items()}
    return key(_sources(), tools.name, tools.version, tools.flags(board.core), memory, board.flash_timing, emulated)


def load(name: str) -> Figures:
    """What was kept under `name`; nothing where nothing was, or where it is not what was written."""
    try:
        stored: Any = json.loads(_file(name).read_text(encoding="utf-8"))
        figures: Figures = stored["figures"]
        return figures if stored["digest"] == _digest(figures) else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def store(name: str, figures: Figures) -> None:
    """At once, so that builds beside each other do not meet. A cache that cannot be written is none."""
    text = json.dumps({"digest": _digest(figures), "figures": figures})
    try:
        _file(name).parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=_file(name).parent, delete=False, encoding="utf-8") as made:
            made.write(text)
        Path(made.name).replace(_file(name))
    except OSError:
        return


def _file(name: str) -> Path:
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return folder / "tinyprune" / "costs" / f"{name}.json"


def _digest(figures: Figures) -> str:
    return hashlib.sha256(json.dumps(figures, sort_keys=True).encode()).hexdigest()


@functools.cache
def _sources() -> str:
    folders = (PACKAGE, paths.kernels(), paths.firmware_templates())
    files = sorted(file for folder in folders for file in folder.rglob("*") if file.suffix in SUFFIXES)
    return key(*((file.name, file.read_bytes()) for file in files))


def _pieces(value: Any) -> Iterator[bytes]:
    """Of a value its type and content, unambiguously."""
    yield type(value).__name__.encode()
    parts: list[Any] = []
    if isinstance(value, np.ndarray):
        array = cast("NDArray[np.generic]", value)
        yield repr((array.dtype.name, array.shape)).encode()
        yield np.ascontiguousarray(array).tobytes()
    elif isinstance(value, bytes):
        yield value
    elif dataclasses.is_dataclass(value):
        parts = [getattr(value, field.name) for field in dataclasses.fields(value)]
    elif isinstance(value, Mapping):
        parts = list(cast("Mapping[Any, Any]", value).items())
    elif isinstance(value, tuple | list):
        parts = list(cast("Sequence[Any]", value))
    else:
        yield repr(value).encode()
    for part in parts:
        yield from _pieces(part)
    yield len(parts).to_bytes(4, "little")
