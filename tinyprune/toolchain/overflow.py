"""What linkers say when a firmware is too large, in words that help."""

import re

from tinyprune.board import Board
from tinyprune.errors import BudgetError

# GNU ld: region `FLASH' overflowed by 12 bytes; lld: will not fit in region 'FLASH': overflowed by 12 bytes
_OVERFLOW = re.compile(r"region [`'](\w+)':? overflowed by (\d+) bytes")

_REMEDIES = {
    "flash": "prune to a higher sparsity, store the weights sparse (csr), or choose a board with more flash",
    "sram": "prune channels (structured pruning), use a smaller input, or choose a board with more SRAM",
    "ccm": "reserve less stack",
}


def overflow_error(stderr: str, board: Board) -> BudgetError | None:
    """The error for a linker's complaints that memory regions are too small, or None where it made none."""
    over: dict[str, int] = {}
    for region, excess in _OVERFLOW.findall(stderr):
        over[region.lower()] = max(over.get(region.lower(), 0), int(excess))
    if not over:
        return None
    parts = [_needs(board, name, excess) for name, excess in sorted(over.items())]
    return BudgetError(
        f"the firmware does not fit {board.title}: {'; '.join(parts)}",
        remedy="\n".join(_REMEDIES[name] for name in sorted(over)),
    )


def _needs(board: Board, region: str, excess: int) -> str:
    size = board.memory[region].bytes
    return f"{region} needs {size + excess:,} bytes and has {size:,}, {excess:,} too few"
