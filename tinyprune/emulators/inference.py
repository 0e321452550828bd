"""Inferences one by one, on a firmware that is stopped: the same steps in any emulator that offers a `Target`."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from tinyprune.emulators.tables import Memory, layer_table, read_outputs, write_inputs
from tinyprune.ir import Int8
from tinyprune.toolchain.elf import Elf


class Target(Memory, Protocol):
    """A booted firmware that stands still."""

    def call(self, function: int) -> None:
        """Calls `function` on an empty stack, and comes back when it returns."""
        ...


def outputs(target: Target, elf: Elf, inputs: Int8) -> tuple[Int8, dict[str, Int8]]:
    """The model's outputs, one after another, and that of each layer for `inputs` (n, ...), both flat: (n, bytes).

    The inputs are independent: a model that remembers is reset before each.
    """
    whole = [_invoke(target, elf, one) for one in inputs]
    layers = [_layer_by_layer(target, elf, one) for one in inputs]
    return np.stack(whole), {name: np.stack([one[name] for one in layers]) for name in layers[0]}


def _begin(target: Target, elf: Elf, one: Int8) -> None:
    """The model forgets, and gets the input `one`."""
    target.call(elf.symbols["tp_reset"].address)
    write_inputs(target, elf, one)


def _invoke(target: Target, elf: Elf, one: Int8) -> Int8:
    _begin(target, elf, one)
    target.call(elf.symbols["tp_invoke"].address)
    return read_outputs(target, elf)


def _layer_by_layer(target: Target, elf: Elf, one: Int8) -> dict[str, Int8]:
    """What each layer writes for the input `one`, read as soon as the layer returns: a later one takes its place."""
    _begin(target, elf, one)
    written: dict[str, Int8] = {}
    for name, function, output, size in layer_table(elf):
        target.call(function)
        written[name] = np.frombuffer(target.read(output, size), np.int8)
    return written
