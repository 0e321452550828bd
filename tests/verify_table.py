"""What `verify` has found so far: a file of JSON lines that survives interruption, and the table made of it."""

from __future__ import annotations

import datetime
import hashlib
import importlib.metadata
import json
import subprocess
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from verify_checks import CHECKS, Outcome, Unit

REPOSITORY = Path(__file__).parents[1]
# what decides the outcome of a check: the product, the checks, and what makes the random models
DIGESTED = (
    "tinyprune",
    "cmsis_kernels",
    "firmware_templates",
    "boards",
    "tests/golden/chain.py",
    "tests/golden/never_above.py",
    "tests/golden/random_*",
    "tests/pruning/random_functional.py",
    "tests/pruning/shrinking_check.py",
    "tests/host.py",
    "tests/runner.c",
    "tests/tflite_writer.py",
    "tests/tflm.py",
    "tests/verify_checks.py",
)
HEADER = "| what | check | done | values compared | wrong | time |\n|---|---|---:|---:|---:|---:|\n"


@dataclass(frozen=True)
class Record:
    """A unit that ran to its end, or `failure`: the traceback of what ended it."""

    digest: str
    unit: Unit
    outcome: Outcome
    seconds: float
    failure: str = ""

    @property
    def bad(self) -> bool:
        return bool(self.failure or self.outcome.wrong)


def content_digest() -> str:
    """Of the files' paths and contents: the same in any clone, whatever git says."""
    digest = hashlib.sha256()
    found = [path for pattern in DIGESTED for top in REPOSITORY.glob(pattern) for path in [top, *top.rglob("*")]]
    for path in sorted(path for path in found if path.is_file() and path.suffix != ".pyc"):
        digest.update(f"{path.relative_to(REPOSITORY).as_posix()}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def append(record: Record, state: Path) -> None:
    state.parent.mkdir(parents=True, exist_ok=True)
    with state.open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(record)) + "\n")


def read(state: Path, digest: str) -> list[Record]:
    """The last record of each unit that was made of the same content."""
    lines = state.read_text(encoding="utf-8").splitlines() if state.exists() else []
    rows = [row for row in map(parsed, lines) if row]
    records = [
        Record(row["digest"], Unit(**row["unit"]), Outcome(**row["outcome"]), row["seconds"], row["failure"])
        for row in rows
        if row["digest"] == digest
    ]
    return list({record.unit.key: record for record in records}.values())


def parsed(line: str) -> dict[str, Any] | None:
    """None for a line that was cut off, and for what was written behind it."""
    try:
        return json.loads(line)
    except json.JSONDecodeError:
        return None


def table(records: list[Record], digest: str) -> str:
    """Markdown: what was found, of which commit, when and with what."""
    text = f"""# Verification

Written by `make verify`: the full-size golden checks, tolerance 0. The random graphs, their inputs and the mutants are
functions of their seeds; `tests/golden` and `tests/frontend` hold their sources and run a sample of each.

Commit {commit()}, content {digest}, {datetime.date.today().isoformat()};
{versions()}.

{HEADER}"""
    groups = {(record.unit.check, record.unit.subject): list[Record]() for record in records}
    for record in records:
        groups[record.unit.check, record.unit.subject].append(record)
    order = list(CHECKS)
    for (check, subject), group in sorted(groups.items(), key=lambda item: (order.index(item[0][0]), item[0][1])):
        text += row(check, subject, group)
    bad = [record for record in records if record.bad]
    return text + coverage(records) + ("\n## What went wrong\n\n" if bad else "") + "".join(map(problem, bad))


def row(check: str, subject: str, group: list[Record]) -> str:
    done = sum(record.unit.stop - record.unit.start for record in group if not record.failure)
    compared = sum(record.outcome.compared for record in group)
    wrong = sum(sum(record.outcome.wrong.values()) for record in group)
    failures = sum(bool(record.failure) for record in group)
    seconds = sum(record.seconds for record in group)
    verdict = f"{wrong:,}" + (f" and {failures} failures" if failures else "")
    return f"| {subject} | {CHECKS[check].title} | {done:,} | {compared:,} | {verdict} | {seconds:,.0f} s |\n"


def coverage(records: list[Record]) -> str:
    """How often each operator was in the random graphs of each check."""
    counts = {check: Counter[str]() for check in CHECKS}
    for record in records:
        counts[record.unit.check].update(record.outcome.covered)
    counts = {check: counter for check, counter in counts.items() if counter}
    if not counts:
        return ""
    text = "\n## Operators in the random graphs\n\n"
    text += f"| operator | {' | '.join(counts)} |\n|---|{'---:|' * len(counts)}\n"
    for name in sorted(set[str]().union(*counts.values())):
        text += f"| {name} | {' | '.join(f'{counter[name]:,}' for counter in counts.values())} |\n"
    return text


def problem(record: Record) -> str:
    reason = record.failure.strip().splitlines()[-1] if record.failure else json.dumps(record.outcome.wrong)
    return f"- `{record.unit.key}`: {reason}\n"


def commit() -> str:
    """And whether what decides the outcomes differs from it."""
    changed = git("status", "--porcelain", "--", *DIGESTED)
    return (git("rev-parse", "--short", "HEAD") or "unknown") + (" with changes" if changed else "")


def git(*arguments: str) -> str:
    result = subprocess.run(["git", *arguments], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    return result.stdout.strip()


def versions() -> str:
    names = ("tflite-micro", "unicorn", "ziglang", "numpy")
    found = {name for name in names if any(True for _ in importlib.metadata.distributions(name=name))}
    return ", ".join(f"{name} {importlib.metadata.version(name)}" for name in names if name in found)
