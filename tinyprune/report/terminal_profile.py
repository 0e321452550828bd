"""A profile as tables in the terminal."""

from __future__ import annotations

from collections.abc import Mapping

from rich import box
from rich.console import Console
from rich.table import Table

from tinyprune.cycles import Cost
from tinyprune.profiling.hardware import Comparison
from tinyprune.profiling.profile import Profile, weight

MISSING = "-"
FUNCTIONS_SHOWN = 20


def print_profile(profile: Profile, measured: Comparison | None) -> None:
    """By layer, where the image has layers, by function and by class; then what hardware measured, and the totals."""
    console = Console(highlight=False, markup=False)
    shown = dict(list(profile.functions.items())[:FUNCTIONS_SHOWN])
    if profile.layers:
        layers = {name or "outside of layers": cost for name, cost in profile.layers.items()}
        console.print(costs("layer", layers, profile.total))
    console.print(costs("function", shown, profile.total))
    if hidden := len(profile.functions) - len(shown):
        console.print(f"and {hidden} functions that take less; --json and callgrind.out have all\n")
    console.print(costs("class", profile.classes, profile.total))
    if measured:
        console.print(_comparison(measured))
    console.print(_totals(profile))
    console.print(_origin(profile), style="dim")


def costs(title: str, rows: Mapping[str, Cost], total: Cost) -> Table:
    """A table of `rows`, with their share of the `total` cycles, or of what is known of them."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    table.add_column(title, overflow="fold")
    for name in ("instructions", "core", "stalls", "cycles", ""):
        table.add_column(name, justify="right", no_wrap=True)
    whole = weight(total)
    for name, cost in rows.items():
        figures = (cost.instructions, cost.core_cycles, cost.flash_stalls, cost.cycles)
        table.add_row(name, *map(_count, figures), f"{weight(cost) / whole:.1%}" if whole else MISSING)
    return table


def _comparison(measured: Comparison) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    table.add_column("layer", overflow="fold")
    for name in ("predicted", "measured", "error"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in (*measured.layers, measured.total):
        table.add_row(row.name, _count(row.predicted), _count(row.measured), f"{row.error:+.1%}")
    return table


def _totals(profile: Profile) -> str:
    total = profile.total
    time = "" if total.cycles is None else f", {total.cycles / profile.board.clock_hz * 1e3:,.3f} ms"
    return (
        f"{profile.image} on {profile.board.name}: {profile.span}\n"
        f"{total.instructions:,} instructions; {_count(total.cycles)} cycles{time}: core {_count(total.core_cycles)}, "
        f"flash stalls {_count(total.flash_stalls)}"
    )


def _origin(profile: Profile) -> str:
    model = ", ".join(filter(None, (profile.cycle_model, profile.claim)))
    return f"{profile.emulator} {profile.emulator_version}; cycles: {model}"


def _count(value: int | None) -> str:
    return MISSING if value is None else f"{value:,}"
