"""Inferences one by one, on a firmware that is stopped: the same steps in any emulator that offers a `Target`."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from tinyprune.ir import Int8
from tinyprune.toolchain.elf import Elf


class Target(Protocol):
    """A booted firmware that stands still."""

    def read(self, address: int, size: int) -> bytes: ...
    def write(self, address: int, data: bytes) -> None: ...
    def call(self, function: int) -> None:
        """Calls `function` on an empty stack, and comes back when it returns."""
        ...


def outputs(target: Target, elf: Elf, inputs: Int8) -> tuple[Int8, dict[str, Int8]]:
    """The model's output and that of each layer for `inputs` (n, ...), both flat: (n, bytes)."""
    whole = [_invoke(target, elf, one) for one in inputs]
    layers = [_layer_by_layer(target, elf, one) for one in inputs]
    return np.stack(whole), {name: np.stack([one[name] for one in layers]) for name in layers[0]}


def _invoke(target: Target, elf: Elf, one: Int8) -> Int8:
    target.write(elf.symbols["tp_input"].address, one.tobytes())
    target.call(elf.symbols["tp_invoke"].address)
    output = elf.symbols["tp_output"]
    return np.frombuffer(target.read(output.address, output.bytes), np.int8)


def _layer_by_layer(target: Target, elf: Elf, one: Int8) -> dict[str, Int8]:
    """What each layer writes for the input `one`, read as soon as the layer returns: a later one takes its place."""
    target.write(elf.symbols["tp_input"].address, one.tobytes())
    written: dict[str, Int8] = {}
    for name, function, output, size in layer_table(elf):
        target.call(function)
        written[name] = np.frombuffer(target.read(output, size), np.int8)
    return written


def layer_table(elf: Elf) -> list[tuple[str, int, int, int]]:
    """The firmware's `tp_layers`: name, function, output address, output bytes."""
    table = elf.symbols["tp_layers"]
    rows = np.frombuffer(elf.read(table.address, table.bytes), np.uint32).reshape(-1, 4).tolist()
    return [(_text(elf, name), function & ~1, output, size) for name, function, output, size in rows]


def _text(elf: Elf, address: int) -> str:
    text = bytearray()
    while (byte := elf.read(address + len(text), 1)) != b"\0":
        text += byte
    return text.decode("ascii")
