"""Branch and bound over offsets: exact where it comes to its end, else the best that it met.

Some best placement has everything pushed down: each block lies at 0 or on top of one that it meets. So it is enough to
place blocks in order of rising offsets, each at the lowest offset that those before it leave.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

MAX_WORK = 50_000  # nodes times blocks: less than a tenth of a second
MAX_BLOCKS = 300  # one frame of the stack each


def search(
    reach: Sequence[Sequence[int]], sizes: Sequence[int], steps: Sequence[Sequence[int]], bound: int, limit: int
) -> list[int] | None:
    """Offsets whose extent is less than `limit`, the smallest that was found; None where none was.

    `reach[i][j]` is how far above block i block j must be unless it is below, 0 where they never meet; `sizes` are the
    blocks' bytes; `steps` lists the blocks that are alive in each step; at `bound` bytes nothing is left to gain.
    """
    if len(sizes) > MAX_BLOCKS:
        return None
    searched = _Search(reach, sizes, steps, bound, limit, MAX_WORK // len(sizes), [0] * len(sizes))
    searched.visit(frozenset(range(len(sizes))), floor=0, last=-1)
    return searched.best


@dataclass
class _Search:
    reach: Sequence[Sequence[int]]
    sizes: Sequence[int]
    steps: Sequence[Sequence[int]]
    bound: int
    limit: int
    nodes: int
    low: list[int]  # the offset of what is placed, and the lowest that is left to what is not
    best: list[int] | None = field(default=None)

    def visit(self, left: frozenset[int], floor: int, last: int) -> None:
        """Places what is `left` at `floor` or above it; block `last` lies at `floor`."""
        if not left:
            self.best = list(self.low)
            self.limit = max(offset + size for offset, size in zip(self.best, self.sizes, strict=True))
            return
        if self.is_hopeless(left, floor):
            return
        for block in self.candidates(left, floor, last):
            if self.nodes == 0 or self.limit <= self.bound:
                return
            self.nodes -= 1
            before = list(self.low)
            at, rest = self.low[block], left - {block}
            for other in rest:
                if self.reach[block][other]:
                    self.low[other] = max(self.low[other], at + self.reach[block][other])
            self.visit(rest, at, block)
            self.low = before

    def candidates(self, left: frozenset[int], floor: int, last: int) -> list[int]:
        """What can come next. Of two that do not meet at one offset the first comes first; and nothing is put where
        another could lie wholly below it: that one can as well come before."""
        ceiling = min(self.low[i] + self.sizes[i] for i in left)
        able = [i for i in left if (floor, last) < (self.low[i], i) and self.low[i] < ceiling]
        return sorted(able, key=lambda i: (self.low[i], -self.sizes[i], i))

    def is_hopeless(self, left: frozenset[int], floor: int) -> bool:
        """Whether what is left cannot stay below the limit, alone or with all that is alive in the same step."""
        if any(max(self.low[i], floor) + self.sizes[i] >= self.limit for i in left):
            return True
        for step in self.steps:
            waiting = [i for i in step if i in left]
            if waiting:
                bottom = max(floor, min(self.low[i] for i in waiting))
                if bottom + self.stacked(waiting) >= self.limit:
                    return True
        return False

    def stacked(self, blocks: Sequence[int]) -> int:
        """The least that blocks which all meet take one on another."""
        return sum(min((self.reach[i][j] for j in blocks if j != i), default=self.sizes[i]) for i in blocks)
