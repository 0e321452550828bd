"""Build directories: written beside their place and renamed into it, so that nothing half-written is ever left."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tinyprune.errors import TinypruneError

REPORT, COMPARISON = "report.json", "comparison.json"
REPORT_PAGE, COMPARISON_PAGE = "report.html", "comparison.html"


@contextmanager
def new_directory(target: Path) -> Generator[Path]:
    """A directory to write into, which becomes `target` when the block ends well, and is removed when it does not.

    An existing `target` is replaced only if it is empty or holds a report or a comparison of ours. Of a link, what it
    leads to is. Raises TinypruneError where there is no place for it.
    """
    check_replaceable(target)
    place = target.resolve()
    made = _make_parents(place.parent)
    try:
        work = Path(tempfile.mkdtemp(prefix=f".{place.name}-", dir=place.parent))
    except OSError as error:
        raise TinypruneError(f"cannot write {target}: {error.strerror}", remedy="choose another with -o DIR") from error
    work.chmod(0o755)
    try:
        yield work
        _put(work, place)
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        for parent in reversed(made):
            with suppress(OSError):  # another build may have its directory there by now
                parent.rmdir()
        raise


def _put(work: Path, place: Path) -> None:
    """Renames `work` to `place`. What was there goes last, and comes back where the renaming fails."""
    old = work.with_name(f"{work.name}-old")
    try:
        if place.exists():
            place.rename(old)
        work.rename(place)
    except OSError as error:
        raise TinypruneError(f"cannot write {place}: {error.strerror}", remedy="choose another with -o DIR") from error
    finally:
        if old.exists() and not place.exists():
            old.rename(place)
        shutil.rmtree(old, ignore_errors=True)


def check_replaceable(target: Path) -> None:
    """Raises TinypruneError where `target` exists and is not a build directory of ours, or where one works in it."""
    if target.exists() and not (_is_ours(target) or (target.is_dir() and not any(target.iterdir()))):
        raise TinypruneError(
            f"{target} exists and is not a tinyprune build directory", remedy="choose another with -o DIR, or remove it"
        )
    if Path.cwd().is_relative_to(target.resolve()):
        raise TinypruneError(
            f"{target} is the working directory, which cannot be replaced", remedy="choose another with -o DIR"
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
    return _read(directory, COMPARISON, "variants") if (directory / COMPARISON).is_file() else None


def read_report(directory: Path) -> dict[str, Any]:
    """The `report.json` of a build directory."""
    return _read(directory, REPORT, "board")


def page(directory: Path) -> Path:
    """The HTML page of a directory that `build` or `compare` made."""
    return directory / (COMPARISON_PAGE if (directory / COMPARISON).is_file() else REPORT_PAGE)


def _read(directory: Path, name: str, key: str) -> dict[str, Any]:
    """The document called `name`, which has a `key`."""
    try:
        document = dict(json.loads((directory / name).read_text(encoding="utf-8")))
        document[key]
        return document
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise TinypruneError(
            f"{directory} is not a tinyprune build directory: no readable {name}",
            remedy="make one with: tinyprune build MODEL --board BOARD -o DIR",
        ) from error
