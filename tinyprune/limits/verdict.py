"""Whether a build keeps within its limits."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import tinyprune
from tinyprune.directory import read_report
from tinyprune.errors import TinypruneError, unknown_name
from tinyprune.limits.baseline import SCHEMA, Baseline, Figures, baseline_of, read_baseline
from tinyprune.limits.limit import NO_LESS, NO_WORSE, Limit, parse, parse_accuracy
from tinyprune.report.saved import saved_report

ACCURACY = "accuracy"


@dataclass(frozen=True)
class Row:
    """One figure; `limit` as it was given, `bound` what it comes to. Both are None where the figure is not limited."""

    figure: str
    before: float | None
    now: float | None
    limit: str | None
    bound: float | None
    ok: bool


@dataclass(frozen=True)
class LayerRow:
    """Cycles of a layer that changed; None where it is not there, or they were not measured."""

    name: str
    before: int | None
    now: int | None


@dataclass(frozen=True)
class Verdict:
    """`notes` say what else has changed since the baseline; `layers` are those that take another number of cycles."""

    schema: int
    tinyprune: str
    model: str
    board: str
    baseline: str | None
    passed: bool
    bit_exact: bool | None
    rows: tuple[Row, ...]
    layers: tuple[LayerRow, ...]
    notes: tuple[str, ...]

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n"


def check(directory: Path, limits: Mapping[str, str], baseline: Path | None = None, *, write: bool = False) -> Verdict:
    """The build in `directory` beside `limits` and the file `baseline`, which is written first if `write` is asked for.

    A limit is found by the name of its figure (flash, sram, instructions, cycles, accuracy) and is a text: see parse()
    and parse_accuracy().

    With a baseline, a figure without a limit may not get worse. A build that is not bit-exact fails in any case.
    Raises TinypruneError for a limit that nothing can be held against, and for the baseline of another board.
    """
    given = {name: _limit(name, text) for name, text in limits.items()}
    report = saved_report(read_report(directory))
    now = baseline_of(report)
    if write and baseline:
        _write(now, baseline)
    before = read_baseline(baseline) if baseline else None
    if before and before.board != now.board:
        raise TinypruneError(
            f"{baseline} is a baseline of {before.board}, {directory} is a build for {now.board}",
            remedy="keep a baseline for each board",
        )
    if not before and not limits:
        raise TinypruneError("nothing is limited", remedy="give --baseline FILE, or --max-flash and the like")
    rows = tuple(_row(directory, name, value, before, given.get(name)) for name, value in asdict(now.figures).items())
    return Verdict(
        schema=SCHEMA,
        tinyprune=tinyprune.__version__,
        model=report.model.path,
        board=report.board,
        baseline=str(baseline) if baseline else None,
        passed=all(row.ok for row in rows) and report.bit_exact is not False,
        bit_exact=report.bit_exact,
        rows=rows,
        layers=_changed(before, now) if before else (),
        notes=_notes(before, now) if before else (),
    )


def _limit(name: str, text: str) -> Limit:
    known = [field.name for field in fields(Figures)]
    if name not in known:
        raise unknown_name("figure", name, known)
    return parse_accuracy(text) if name == ACCURACY else parse(text)


def _write(now: Baseline, file: Path) -> None:
    try:
        file.write_text(now.to_json(), encoding="utf-8")
    except OSError as error:
        raise TinypruneError(f"cannot write the baseline {file}: {error.strerror}") from error


def _row(directory: Path, name: str, now: float | None, baseline: Baseline | None, given: Limit | None) -> Row:
    before: float | None = getattr(baseline.figures, name) if baseline else None
    limit = given
    if limit is None and before is not None:
        limit = NO_LESS if name == ACCURACY else NO_WORSE
    if limit is None:
        return Row(name, before, now, None, None, ok=True)
    if now is None:
        raise TinypruneError(f"there is a limit of {name}, which was not measured in {directory}", remedy=_how(name))
    if limit.relative and before is None:
        raise TinypruneError(
            f"the limit {limit.text} of {name} needs a baseline with {name}",
            remedy="give --baseline FILE; --write-baseline writes one",
        )
    return Row(name, before, now, limit.text, limit.bound(before), limit.allows(now, before))


def _how(name: str) -> str:
    if name == ACCURACY:
        return "build with --data that has x_test and y_test"
    return "build with an emulator, for a board whose core has a cycle model"


def _changed(before: Baseline, now: Baseline) -> tuple[LayerRow, ...]:
    names = dict.fromkeys([*now.layers, *before.layers])
    rows = (LayerRow(name, before.layers.get(name), now.layers.get(name)) for name in names)
    return tuple(row for row in rows if row.before != row.now)


def _notes(before: Baseline, now: Baseline) -> tuple[str, ...]:
    old, new = before.made_by, now.made_by
    notes = [f"{name}: {old[name]} then, {new[name]} now" for name in old if old[name] != new[name]]
    return (*notes, *(["the model file is another"] if before.model != now.model else []))
