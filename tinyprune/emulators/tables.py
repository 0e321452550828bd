"""The tables in a built firmware that say where its inputs, outputs and layers are: those of `model.h`."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from tinyprune.ir import Int8
from tinyprune.toolchain.elf import Elf


class Memory(Protocol):
    """That of a firmware that stands still."""

    def read(self, address: int, size: int) -> bytes: ...
    def write(self, address: int, data: bytes) -> None: ...


def write_inputs(memory: Memory, elf: Elf, sample: Int8) -> None:
    """Each input of the model, out of one array for all of them."""
    content = sample.tobytes()
    for _, address, size in _rows(elf, "tp_inputs", 3):
        memory.write(address, content[:size])
        content = content[size:]


def read_outputs(memory: Memory, elf: Elf) -> Int8:
    """All outputs of the model, one after another."""
    parts = (memory.read(address, size) for _, address, size in _rows(elf, "tp_outputs", 3))
    return np.frombuffer(b"".join(parts), np.int8)


def layer_table(elf: Elf) -> list[tuple[str, int, int, int]]:
    """Of each layer its name, function, output address, and output bytes."""
    rows = _rows(elf, "tp_layers", 4)
    return [(_text(elf, name), function & ~1, output, size) for name, function, output, size in rows]


def _rows(elf: Elf, symbol: str, members: int) -> list[list[int]]:
    """The rows of a table of structures, each of so many words."""
    table = elf.symbols[symbol]
    return np.frombuffer(elf.read(table.address, table.bytes), np.uint32).reshape(-1, members).tolist()


def _text(elf: Elf, address: int) -> str:
    text = bytearray()
    while (byte := elf.read(address + len(text), 1)) != b"\0":
        text += byte
    return text.decode("ascii")
