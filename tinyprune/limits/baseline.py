"""The figures that a later build is held against: few enough to be read in a diff."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, cast

from tinyprune.errors import TinypruneError
from tinyprune.report.report import Report

SCHEMA = 1


@dataclass(frozen=True)
class Figures:
    """Bytes of flash and SRAM, what one inference takes, and the accuracy; None for what was not measured."""

    flash: int
    sram: int
    instructions: int | None
    cycles: int | None
    accuracy: float | None


@dataclass(frozen=True)
class Baseline:
    """The figures of a build; `cycles` of each of its `layers`; and what made them, each as one text."""

    schema: int
    tinyprune: str
    model: str
    board: str
    toolchain: str
    emulator: str | None
    cycle_model: str | None
    figures: Figures
    layers: Mapping[str, int | None]

    @property
    def made_by(self) -> dict[str, str | None]:
        """What may change figures without a change of the model."""
        names = ("tinyprune", "toolchain", "emulator", "cycle_model")
        return {name.replace("_", " "): getattr(self, name) for name in names}

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=2) + "\n"


def baseline_of(report: Report) -> Baseline:
    """What `report` says, as a baseline."""
    return Baseline(
        schema=SCHEMA,
        tinyprune=report.tinyprune,
        model=report.model.sha256,
        board=report.board,
        toolchain=f"{report.toolchain.name} {report.toolchain.version}",
        emulator=f"{report.emulator.name} {report.emulator.version}" if report.emulator else None,
        cycle_model=report.cycle_model.name if report.cycle_model else None,
        figures=Figures(report.flash.total, report.sram.total, report.instructions, report.cycles, report.accuracy),
        layers={layer.name: layer.cycles for layer in report.layers},
    )


def read_baseline(file: Path) -> Baseline:
    """What Baseline.to_json wrote. Raises TinypruneError where there is no such file, or it holds something else."""
    remedy = "write one: tinyprune check DIR --baseline FILE --write-baseline"
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise TinypruneError(f"there is no baseline {file}", remedy=remedy) from error
    except (OSError, ValueError) as error:
        raise TinypruneError(f"cannot read the baseline {file}: {error}", remedy=remedy) from error
    found = _checked(document)
    if found is None:
        raise TinypruneError(f"{file} is not a baseline of this version of tinyprune", remedy=remedy)
    return found


def _checked(document: Any) -> Baseline | None:
    """`document` as a baseline; None where a field is missing, is one too many, or is not of its type."""
    if not _has_fields(document, Baseline) or document["schema"] != SCHEMA:
        return None
    figures, layers, texts = document["figures"], document["layers"], list(document.values())[1:-2]
    if not _has_fields(figures, Figures) or not isinstance(layers, dict):
        return None
    numbers = [*figures.values(), *cast("dict[str, Any]", layers).values()]
    if not all(number is None or type(number) in (int, float) for number in numbers):
        return None
    if not all(text is None or isinstance(text, str) for text in texts):
        return None
    fields_of: dict[str, Any] = {**document, "figures": Figures(**figures)}
    return Baseline(**fields_of)


def _has_fields(value: Any, kind: type[Baseline] | type[Figures]) -> bool:
    return isinstance(value, dict) and list(cast("dict[str, Any]", value)) == [field.name for field in fields(kind)]
