"""A verdict as tables in the terminal."""

from __future__ import annotations

from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tinyprune.limits.verdict import ACCURACY, Row, Verdict

MISSING = "-"


def print_verdict(verdict: Verdict) -> None:
    """The figures, what they were, and what they may be; then the layers that changed, and the verdict in words."""
    console = Console(highlight=False, markup=False)
    console.print(_figures(verdict))
    if verdict.layers:
        console.print(_layers(verdict))
    for note in verdict.notes:
        console.print(f"since the baseline: {note}", soft_wrap=True)
    if verdict.bit_exact is False:
        console.print("NOT bit-exact: do not use this firmware", style="red")
    failed = [row.figure for row in verdict.rows if not row.ok]
    if failed:
        console.print(f"not within its limits: {', '.join(failed)}", style="red")
    elif verdict.passed:
        console.print("within its limits", style="green")


def _figures(verdict: Verdict) -> Table:
    beside = f", beside {verdict.baseline}" if verdict.baseline else ""
    table = _table(
        f"{Path(verdict.model).name} on {verdict.board}{beside}", "", "baseline", "now", "change", "limit", ""
    )
    for row in verdict.rows:
        state = "" if row.limit is None else Text("ok", "green") if row.ok else Text("FAIL", "red")
        table.add_row(row.figure, _shown(row, row.before), _shown(row, row.now), _change(row), _limit(row), state)
    return table


def _layers(verdict: Verdict) -> Table:
    table = _table("cycles of the layers that changed", "layer", "baseline", "now", "change")
    for row in verdict.layers:
        table.add_row(row.name, _count(row.before), _count(row.now), _percent(row.before, row.now))
    return table


def _table(title: str, first: str, *columns: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, title=title)
    table.add_column(first)
    for name in columns:
        table.add_column(name, justify="right")
    return table


def _limit(row: Row) -> str:
    if row.limit is None:
        return MISSING
    bound = _shown(row, row.bound)
    return f"{row.limit}: {bound}" if row.limit[0] in "+-" else bound


def _shown(row: Row, value: float | None) -> str:
    if value is None:
        return MISSING
    return f"{value:.2%}" if row.figure == ACCURACY else _count(int(value))


def _change(row: Row) -> str:
    if row.figure == ACCURACY:
        return MISSING if row.before is None or row.now is None else f"{100 * (row.now - row.before):+.2f} points"
    return _percent(row.before, row.now)


def _percent(before: float | None, now: float | None) -> str:
    return MISSING if now is None or not before else f"{now / before - 1:+.2%}"


def _count(value: int | None) -> str:
    return MISSING if value is None else f"{value:,}"
