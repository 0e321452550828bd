"""What a board answers, beside what was predicted for it."""

from __future__ import annotations

import dataclasses
import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tinyprune import reference, saved_builds
from tinyprune.errors import TinypruneError

LINE = re.compile(r"^.*?(tinyprune: (?:model|crc32|fault)|#clock|#dwt) (.*)$")


@dataclass(frozen=True)
class Answer:
    """What one boot of the firmware printed. `cycles` are by layer; all 0 where the core has no counter."""

    crc32: str
    clock_hz: int
    status: int
    cycles: Mapping[str, int]


@dataclass(frozen=True)
class LayerCheck:
    """Cycles of one layer; `predicted` is None where none are claimed."""

    name: str
    predicted: int | None
    measured: int


@dataclass(frozen=True)
class Check:
    """`bit_exact`: whether the outputs' CRC is that of the reference. `status`: of port_init(), 0 where all came up."""

    bit_exact: bool
    crc32: str
    expected_crc32: str
    clock_hz: int
    status: int
    layers: tuple[LayerCheck, ...]

    def to_json(self) -> str:
        return json.dumps(dataclasses.asdict(self), indent=2) + "\n"


def parse(uart: str) -> Answer:
    """Reads the last boot in `uart`. Raises TinypruneError for a fault, and where no whole boot is in it."""
    begin = uart.rfind("tinyprune: model")
    found = [match.groups() for line in uart[max(begin, 0) :].splitlines() if (match := LINE.match(line.rstrip()))]
    for kind, rest in found:
        if kind.endswith("fault"):
            raise TinypruneError(f"the firmware faults on the board: {rest}", remedy="see it with a debugger")
    lines = {kind: rest for kind, rest in found if kind != "#dwt"}
    clock = re.fullmatch(r"(\d+) status (\d+)", lines.get("#clock", ""))
    if clock is None or "tinyprune: crc32" not in lines:
        raise TinypruneError("the board's text is not that of a whole run of the firmware", remedy="flash this build")
    rows = [rest.split() for kind, rest in found if kind == "#dwt"]
    cycles = {row[1]: int(row[2]) for row in rows if len(row) == 3}
    return Answer(lines["tinyprune: crc32"], int(clock[1]), int(clock[2]), cycles)


def check(folder: Path, saved: Mapping[str, Any], uart: str) -> Check:
    """`uart`, what a board printed, beside the reference's outputs and the cycles in `saved`, the build's report.

    Raises as parse() does, and where the layers are those of another firmware.
    """
    answer = parse(uart)
    names = [layer["name"] for layer in saved["layers"]]
    if list(answer.cycles) != names:
        raise TinypruneError(
            f"another firmware runs on the board: its layers are {', '.join(answer.cycles)}, not {', '.join(names)}",
            remedy="flash this build",
        )
    wanted = expected_crc32(folder, saved)
    rows = ((layer["name"], layer["cycles"], answer.cycles[layer["name"]]) for layer in saved["layers"])
    layers = tuple(LayerCheck(*row) for row in rows)
    return Check(answer.crc32 == wanted, answer.crc32, wanted, answer.clock_hz, answer.status, layers)


def expected_crc32(folder: Path, saved: Mapping[str, Any]) -> str:
    """The CRC-32 of the reference's outputs for the input that is compiled in."""
    graph = saved_builds.imported(folder, saved)
    sample = saved_builds.checked_inputs(folder)[:1]
    return f"{zlib.crc32(reference.output(graph, sample).tobytes()):08x}"


def table(result: Check) -> list[str]:
    """It as lines of text."""
    rows = [(layer.name, _number(layer.predicted), f"{layer.measured:,}", _error(layer)) for layer in result.layers]
    rows = [("layer", "predicted", "measured", "prediction is off by"), *rows]
    widths = [max(len(row[i]) for row in rows) for i in range(4)]
    lines = [
        "  ".join(
            cell.rjust(width) if i else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
    exact = "bit-exact" if result.bit_exact else f"NOT bit-exact: CRC {result.crc32}, expected {result.expected_crc32}"
    clock = f"{result.clock_hz:,} Hz" + (f", status {result.status}: see docs/boards.md" if result.status else "")
    return [f"{exact}; {clock}", *lines]


def _number(value: int | None) -> str:
    return "-" if value is None else f"{value:,}"


def _error(layer: LayerCheck) -> str:
    if layer.predicted is None or not layer.measured:
        return "-"
    return f"{layer.predicted / layer.measured - 1:+.1%}"
