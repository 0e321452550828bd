"""Cycle models: executed blocks, which are facts, to cycles, which are an estimate. One row of CYCLE_MODELS a core.

A core that has no row has one of NOT_CLAIMED, which says why: its instructions are all that is claimed.
"""

from __future__ import annotations

from tinyprune.board import Board
from tinyprune.cycles import cortex_m0, cortex_m3, cortex_m4, cortex_m33
from tinyprune.cycles.model import CycleModel
from tinyprune.cycles.prices import Cost, Cycles, Site, price, total

__all__ = ["CYCLE_MODELS", "NOT_CLAIMED", "Cost", "CycleModel", "Cycles", "Site", "about", "price", "total"]

CYCLE_MODELS: dict[str, CycleModel] = {
    "cortex-m0": cortex_m0.M0,
    "cortex-m0plus": cortex_m0.M0PLUS,
    "cortex-m3": cortex_m3.MODEL,
    "cortex-m4": cortex_m4.MODEL,
    "cortex-m4f": cortex_m4.MODEL,
    "cortex-m33": cortex_m33.MODEL,
}

NOT_CLAIMED: dict[str, str] = {
    "cortex-m7": "none claimed: the core issues two instructions at once, by rules that Arm does not publish",
    "cortex-m55": "none claimed: Arm publishes no timings of the core and its vector extension",
}


def about(board: Board) -> tuple[str | None, str]:
    """The model of a board's core, None where no cycles are claimed, and its claim in one line."""
    model = CYCLE_MODELS.get(board.core)
    if model is None:
        return None, NOT_CLAIMED[board.core]
    return model.name, f"{model.claim}; flash of {board.flash_timing.wait_states} wait states"
