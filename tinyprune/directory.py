"""Build directories: written beside their place and renamed into it, so that nothing half-written is ever left."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tinyprune.errors import TinypruneError

REPORT, COMPARISON = "report.json", "comparison.json"
REPORT_PAGE, COMPARISON_PAGE = "report.html", "comparison.html"


@contextmanager
def new_directory(target: Path) -> Generator[Path]:
    """A directory to write into, which becomes `target` when the block ends well, and is removed when it does not.

    An existing `target` is replaced only if it holds a report or a comparison of ours.
    """
    check_replaceable(target)
    made = _make_parents(target.parent)
    work = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    work.chmod(0o755)
    try:
        yield work
        if target.exists():
            shutil.rmtree(target)
        work.rename(target)
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        for parent in reversed(made):
            parent.rmdir()
        raise


def check_replaceable(target: Path) -> None:
    """Raises TinypruneError where `target` exists and is not a build directory of ours."""
    if not target.exists() or _is_ours(target) or (target.is_dir() and not any(target.iterdir())):
        return
    raise TinypruneError(
        f"{target} exists and is not a tinyprune build directory", remedy="choose another with -o DIR, or remove it"
    )


def _is_ours(target: Path) -> bool:
    for name in (REPORT, COMPARISON):
        try:
            document = json.loads((target / name).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(document, dict) and "tinyprune" in document:
            return True
    return False


def _make_parents(folder: Path) -> list[Path]:
    """Makes `folder`; returns the folders that were not there before, outermost first."""
    missing = [parent for parent in (folder, *folder.parents) if not parent.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TinypruneError(f"cannot make the directory {folder}: {error.strerror}") from error
    return missing[::-1]


def read_comparison(directory: Path) -> dict[str, Any] | None:
    """The `comparison.json` of a directory that `compare` made; None where there is none."""
    return _read(directory, COMPARISON) if (directory / COMPARISON).is_file() else None


def read_report(directory: Path) -> dict[str, Any]:
    """The `report.json` of a build directory."""
    return _read(directory, REPORT)


def page(directory: Path) -> Path:
    """The HTML page of a directory that `build` or `compare` made."""
    return directory / (COMPARISON_PAGE if (directory / COMPARISON).is_file() else REPORT_PAGE)


def _read(directory: Path, name: str) -> dict[str, Any]:
    try:
        return dict(json.loads((directory / name).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise TinypruneError(
            f"{directory} is not a tinyprune build directory: no readable {name}",
            remedy="make one with: tinyprune build MODEL --board BOARD -o DIR",
        ) from error
