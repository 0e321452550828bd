"""Keeps what was measured in the user's cache, by the content of everything that it depends on."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tinyprune import paths
from tinyprune.board import Board
from tinyprune.toolchain import Toolchain

PACKAGE = Path(__file__).parents[1]
ROOMS = ("codegen", "cycles", "emulators", "kernels", "tuning")  # of tinyprune: what shapes an image or its price
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
    folders = [paths.kernels(), paths.firmware_templates(), *(PACKAGE / room for room in ROOMS)]
    files = sorted(file for folder in folders for file in folder.rglob("*") if file.suffix in SUFFIXES)
    return key(*((file.name, file.read_bytes()) for file in files))


def _pieces(value: object) -> Iterator[bytes]:
    """Of a value its type and content, unambiguously."""
    yield type(value).__name__.encode()
    if isinstance(value, np.ndarray):
        yield repr((value.dtype.str, value.shape)).encode()
        yield np.ascontiguousarray(value).tobytes()
    elif isinstance(value, bytes):
        yield value
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from _pieces(getattr(value, field.name))
    elif isinstance(value, Mapping):
        for name, one in value.items():
            yield from _pieces(name)
            yield from _pieces(one)
        yield b"end"
    elif isinstance(value, tuple | list):
        for one in value:
            yield from _pieces(one)
        yield b"end"
    else:
        yield repr(value).encode()
