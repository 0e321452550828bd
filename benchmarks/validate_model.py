"""Sets the cycle model beside published hardware figures: python benchmarks/validate_model.py DIRECTORY

DIRECTORY holds images that were built elsewhere, from other projects' sources, and `cases.json`: an array of objects

    group, name   where the row stands in the table
    elf, board    the image and its board file, both relative to DIRECTORY
    begin, end    symbols; counted is what is executed between them, or the function `begin` where `end` is null
    per           how often what was published is done in between, such as blocks that are encrypted
    published     cycles
    tuned         whether a rule of the model, or a setting of the board, was looked for because of this figure

Prints a table in Markdown, and of each group the mean of the absolute errors and the worst error.
"""

from __future__ import annotations

import argparse
import itertools
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

import tinyprune


@dataclass(frozen=True)
class Case:
    """One published figure; see the module."""

    group: str
    name: str
    elf: str
    board: str
    begin: str
    end: str | None
    per: int
    published: float
    tuned: bool


@dataclass(frozen=True)
class Row:
    """A case with what the model gives it: cycles of the core alone, and with what it waits for the flash."""

    case: Case
    core: float
    modelled: float

    @property
    def error_percent(self) -> float:
        return 100 * (self.modelled / self.case.published - 1)


def main() -> None:
    parser = argparse.ArgumentParser(description="Sets the cycle model beside published hardware figures.")
    parser.add_argument("directory", type=Path, help="holds cases.json and the images that it names")
    directory = parser.parse_args().directory
    cases = [Case(**case) for case in json.loads((directory / "cases.json").read_text(encoding="utf-8"))]
    for group, members in itertools.groupby(cases, key=lambda case: case.group):
        print_group(group, [measure(directory, case) for case in members])


def measure(directory: Path, case: Case) -> Row:
    total = tinyprune.profile(directory / case.elf, str(directory / case.board), begin=case.begin, end=case.end).total
    if total.core_cycles is None or total.cycles is None:
        raise ValueError(f"the cycles of {case.board} are not claimed or were not counted")
    return Row(case, total.core_cycles / case.per, total.cycles / case.per)


def print_group(group: str, rows: Iterable[Row]) -> None:
    print(f"\n### {group}\n")
    print("| | published | modelled | of these, the core | error | tuned |\n|---|---|---|---|---|---|")
    errors: list[float] = []
    for row in rows:
        figures = " | ".join(f"{figure:,.0f}" for figure in (row.case.published, row.modelled, row.core))
        print(f"| {row.case.name} | {figures} | {row.error_percent:+.1f} % | {'yes' if row.case.tuned else 'no'} |")
        errors.append(row.error_percent)
    print(f"\nMean {fmean(map(abs, errors)):.2f} %, worst {max(errors, key=abs):+.1f} %.")


if __name__ == "__main__":
    main()
