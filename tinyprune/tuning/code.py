"""Which functions of an image a function needs, read off its machine code."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from tinyprune.toolchain.elf import Elf


def reached(elf: Elf, function: str) -> dict[str, int]:
    """The bytes of every function that `function` needs, directly or not, by name; itself left out: what it calls, and
    what it has the address of.

    Constants between instructions might look like either, but hardly of where a function starts.
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
    halfwords = np.frombuffer(code[: len(code) // 2 * 2], np.uint16).tolist()
    yield from _called(address, halfwords)
    for taken in (*_literals(address, halfwords), *_made(halfwords)):
        if taken & 1:  # of Thumb code
            yield taken - 1


def _called(address: int, halfwords: list[int]) -> Iterator[int]:
    """Of each BL and each unconditional B of 32 bits (DDI0403 A7.7.18 encoding T1, A7.7.12 encoding T4)."""
    for i, (high, low) in enumerate(pairwise(halfwords)):
        if high >> 11 == 0b11110 and low >> 12 in (0b1001, 0b1011, 0b1101, 0b1111):
            sign, j1, j2 = high >> 10 & 1, low >> 13 & 1, low >> 11 & 1
            parts = (sign << 24, (1 - (j1 ^ sign)) << 23, (1 - (j2 ^ sign)) << 22, (high & 0x3FF) << 12)
            offset = sum(parts) + ((low & 0x7FF) << 1) - (sign << 25)
            yield address + 2 * i + 4 + offset


def _literals(address: int, halfwords: list[int]) -> Iterator[int]:
    """All aligned words."""
    aligned = halfwords[address % 4 // 2 :]
    yield from (low | high << 16 for low, high in zip(aligned[0::2], aligned[1::2], strict=False))


def _made(halfwords: list[int]) -> Iterator[int]:
    """By MOVW, and then MOVT to the same register (DDI0403 A7.7.76 encoding T3, A7.7.79)."""
    lower: dict[int, int] = {}
    for high, low in pairwise(halfwords):
        register = low >> 8 & 0xF
        value = (high & 0xF) << 12 | (high >> 10 & 1) << 11 | (low >> 12 & 7) << 8 | low & 0xFF
        if high & 0xFBF0 == 0xF240:
            lower[register] = value
        elif high & 0xFBF0 == 0xF2C0 and register in lower:
            yield lower[register] | value << 16
