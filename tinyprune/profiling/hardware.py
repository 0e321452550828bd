"""What a board measured, from the lines of its UART, beside what the model predicts."""

from __future__ import annotations

import dataclasses
import importlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tinyprune.cycles import Cost
from tinyprune.emulators.tables import layer_table
from tinyprune.errors import TinypruneError, ToolMissingError
from tinyprune.profiling.profile import INFERENCE, Profile

LINE = re.compile(r"#dwt (?:(\d+) (\S+)|total) (\d+)\s*$")
DONE = "tinyprune: done"
PATIENCE_S = 30.0
NOTHING = Cost(0, 0, 0)  # a layer that does nothing: the compiler may leave out its call


@dataclass(frozen=True)
class Compared:
    """Cycles of one layer, or of all."""

    name: str
    predicted: int
    measured: int

    @property
    def error(self) -> float:
        """Of the prediction, relative to what was measured: below 0 it is too low."""
        return self.predicted / self.measured - 1


@dataclass(frozen=True)
class Comparison:
    layers: tuple[Compared, ...]
    total: Compared


def compare(profile: Profile, uart: str) -> Comparison:
    """The cycles of each layer as predicted and as the lines `#dwt` of `uart` have them; the last run in it counts.

    Both are from a layer's call to its return, one layer after the other; their totals are without tp_invoke itself.
    Raises TinypruneError where the text is not that of this firmware, or was not measured.
    """
    if profile.span != INFERENCE or not profile.layers:
        raise TinypruneError(
            f"boards measure the layers of one inference, not {profile.span}", remedy="profile a build directory whole"
        )
    measured, names = measured_layers(uart), [name for name, *_ in layer_table(profile.elf)]
    if list(measured) != names:
        raise TinypruneError(
            f"the log is of another firmware: its layers are {', '.join(measured)}, those of {profile.image} "
            f"{', '.join(names)}",
            remedy="flash this build, and log it from reset on",
        )
    predicted = {name: _cycles(profile, profile.layers.get(name, NOTHING)) for name in names}
    layers = tuple(Compared(name, cycles, measured[name]) for name, cycles in predicted.items())
    return Comparison(layers, Compared("total", sum(one.predicted for one in layers), sum(measured.values())))


def document(comparison: Comparison) -> list[dict[str, Any]]:
    """Its rows, the total last."""
    rows = (*comparison.layers, comparison.total)
    return [{**dataclasses.asdict(row), "error": round(row.error, 6)} for row in rows]


def _cycles(profile: Profile, cost: Cost) -> int:
    if cost.cycles is None:
        raise TinypruneError(f"there are no cycles to compare: {profile.claim}", remedy="profile it with unicorn")
    return cost.cycles


def measured_layers(uart: str) -> dict[str, int]:
    """Layer to DWT cycles, of the last whole run in `uart`, whatever a terminal wrote in front of its lines."""
    run: dict[str, int] = {}
    last: dict[str, int] = {}
    for line in uart.splitlines():
        found = LINE.search(line)
        if found is None:
            continue
        number, name, cycles = found.groups()
        if name is None:
            last = run if sum(run.values()) == int(cycles) else last
        else:
            run = {} if number == "0" else run
            run[name] = int(cycles)
    if not last:
        raise TinypruneError(
            "the log holds no whole run: no lines '#dwt 0 LAYER CYCLES' up to a '#dwt total' that is their sum",
            remedy="log the board's UART from reset to 'tinyprune: done'",
        )
    if not all(last.values()):
        raise TinypruneError(
            "the log has layers of 0 cycles: it is that of an emulator, or of a core without a cycle counter",
            remedy="log a board whose core has DWT CYCCNT (not Cortex-M0 and M0+)",
        )
    return last


def read_log(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise TinypruneError(f"cannot read {path}: {error.strerror}") from error


def read_serial(port: str, baud: int) -> str:
    """What the board says on `port` from its next reset to the end of its run."""
    try:
        serial: Any = importlib.import_module("serial")
    except ImportError as error:
        raise ToolMissingError("pyserial is not installed", remedy="pip install 'tinyprune[serial]'") from error
    try:
        with serial.Serial(port, baud, timeout=PATIENCE_S) as stream:
            return _until_done(stream, port)
    except serial.SerialException as error:
        raise TinypruneError(f"cannot read {port}: {error}") from error


def _until_done(lines: Iterable[bytes], port: str) -> str:
    text: list[str] = []
    for line in lines:
        text.append(line.decode("utf-8", "replace"))
        if DONE in text[-1] and any("#dwt total" in one for one in text):
            return "".join(text)
    raise TinypruneError(
        f"{port} said nothing more for {PATIENCE_S:g} s, and not '{DONE}'", remedy="reset the board while this waits"
    )
