"""What is chosen is never above all dense: built both ways, and measured whole."""

from __future__ import annotations

from pathlib import Path

from chain import BOARD, EMULATOR

from tinyprune import pipeline
from tinyprune.errors import BudgetError
from tinyprune.passes.choose import Goal
from tinyprune.report.report import Report
from tinyprune.source import ONE_SHOT_INT8, Source, import_pruned

OBJECTIVES = ("cycles", "flash")
FORMATS = ("dense", "auto")


def above_dense(content: bytes, name: str, sparsity: float, folder: Path) -> tuple[int, dict[str, int]]:
    """How many builds were compared, and of those that were above, by how much, or that were not bit-exact.

    A model that does not fit the board at all is none.
    """
    pruning = ONE_SHOT_INT8 if sparsity else None
    graph = import_pruned(content, name, sparsity, "element", pruning)
    source = Source(name, "", content, graph, None, sparsity, "element", pruning)
    wrong: dict[str, int] = {}
    compared = 0
    for objective in OBJECTIVES:
        try:
            dense, auto = (_built(source, Goal(objective, name), folder / objective / name) for name in FORMATS)
        except BudgetError:
            continue
        excess = _figure(auto, objective) - _figure(dense, objective)
        compared += 1
        if excess > 0:
            wrong[f"{name} at {sparsity}: {objective} above dense"] = excess
        if not (dense.bit_exact and auto.bit_exact):
            wrong[f"{name} at {sparsity}: {objective}, not bit-exact"] = 1
    return compared, wrong


def _built(source: Source, goal: Goal, folder: Path) -> Report:
    folder.mkdir(parents=True)
    return pipeline.build_variant(source, goal, pipeline.target(BOARD, None, EMULATOR), folder, None, _silent)


def _silent(text: str, *, transient: bool = False) -> None:
    pass


def _figure(report: Report, objective: str) -> int:
    cycles = report.cycles
    assert cycles is not None
    return cycles if objective == "cycles" else report.flash.total
