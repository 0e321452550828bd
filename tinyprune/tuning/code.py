"""Which functions of an image a function needs, read off its machine code."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from tinyprune.toolchain.elf import Elf


def reached(elf: Elf, function: str) -> dict[str, int]:
    """The bytes of every function that `function` calls, directly or not, by name; itself left out.

    Constants between instructions might look like a call, but hardly like one to where a function starts.
    """
    starts = {symbol.address: name for name, symbol in elf.symbols.items() if symbol.kind == "function"}
    found: dict[str, int] = {}
    waiting = [function]
    while waiting:
        symbol = elf.symbols[waiting.pop()]
        for target in _targets(symbol.address, elf.read(symbol.address, symbol.bytes)):
            name = starts.get(target, function)
            if name != function and name not in found:
                found[name] = elf.symbols[name].bytes
                waiting.append(name)
    return found


def _targets(address: int, code: bytes) -> Iterator[int]:
    """Of each BL and each unconditional B of 32 bits (DDI0403 A7.7.18 encoding T1, A7.7.12 encoding T4)."""
    halfwords = np.frombuffer(code[: len(code) // 2 * 2], np.uint16).tolist()
    for i, (high, low) in enumerate(pairwise(halfwords)):
        if high >> 11 == 0b11110 and low >> 12 in (0b1001, 0b1011, 0b1101, 0b1111):
            sign, j1, j2 = high >> 10 & 1, low >> 13 & 1, low >> 11 & 1
            parts = (sign << 24, (1 - (j1 ^ sign)) << 23, (1 - (j2 ^ sign)) << 22, (high & 0x3FF) << 12)
            offset = sum(parts) + ((low & 0x7FF) << 1) - (sign << 25)
            yield address + 2 * i + 4 + offset
