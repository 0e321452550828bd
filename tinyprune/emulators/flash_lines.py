"""Follows the caches of a board's flash: which reads have to wait for a line. `flash_lines.c` does the same in C.

Instructions are fetched line by line. The line that is being executed is held apart from the caches, so that a loop
within it reads nothing (RM0090 3.5.2, RM0432 3.3.4). Both caches are empty at first.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

from tinyprune.board import Board, LineCache, Region

NO_LINE = -2  # nor is the one after it a line


@dataclass
class HeldLines:
    """What a `LineCache` holds: the rows of each set and the lines in them, the least recently used row first."""

    cache: LineCache
    sets: list[OrderedDict[int, set[int]]] = field(init=False)

    def __post_init__(self) -> None:
        self.sets = [OrderedDict() for _ in range(self.cache.sets)]

    def misses(self, line: int) -> bool:
        """Whether `line` was not held; from now on it is."""
        row = line // self.cache.row_lines
        held = self.sets[row % len(self.sets)]
        if row in held:
            held.move_to_end(row)
        else:
            if len(held) == self.cache.ways:
                held.popitem(last=False)
            held[row] = set()
        if line in held[row]:
            return False
        held[row].add(line)
        return True


@dataclass
class FlashLines:
    """The lines of `flash`, numbered from 0."""

    flash: Region
    instructions: HeldLines
    data: HeldLines
    _current: int = NO_LINE

    @staticmethod
    def of(board: Board) -> FlashLines | None:
        """None for a board whose core never waits for its flash."""
        timing = board.flash_timing
        if timing.instructions is None or timing.data is None:
            return None
        return FlashLines(board.flash, HeldLines(timing.instructions), HeldLines(timing.data))

    def fetch(self, address: int, size: int) -> tuple[int, int]:
        """The misses of the block of `size` bytes at `address`: of lines that follow on, and of others."""
        sequential = jumped = 0
        for line in self._lines(self.instructions, address, size):
            if line != self._current:
                if self.instructions.misses(line):
                    follows = line == self._current + 1
                    sequential += follows
                    jumped += not follows
                self._current = line
        return sequential, jumped

    def read(self, address: int, size: int) -> int:
        """The misses of a load of `size` bytes at `address`."""
        return sum(map(self.data.misses, self._lines(self.data, address, size)))

    def _lines(self, held: HeldLines, address: int, size: int) -> range:
        """Those that hold the bytes; none where they are not in the flash."""
        offset, line_bytes = address - self.flash.origin, held.cache.line_bytes
        if not 0 <= offset <= self.flash.bytes - size:
            return range(0)
        return range(offset // line_bytes, (offset + size - 1) // line_bytes + 1)
