"""Any number of models and of builds that were made before, side by side."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from tinyprune import pipeline
from tinyprune.directory import COMPARISON, COMPARISON_PAGE, new_directory, read_report
from tinyprune.errors import TinypruneError
from tinyprune.report import html
from tinyprune.report.comparison import comparison
from tinyprune.report.report import Report, to_json
from tinyprune.report.saved import saved_report


def compare_all(
    models: Sequence[str | Path], board: str | None = None, *, output: str | Path, **options: Any
) -> dict[str, Any]:
    """Builds those of `models` that are files for `board`, takes those that are build directories as they are, and sets
    all of them side by side in `output`, a subdirectory each.

    `options` are those of `pipeline.build`. Returns what `comparison.json` holds: the variants, and the ratios of each
    to the first. Raises TinypruneError for anything the caller can put right; `output` is then not written.
    """
    places = [Path(model) for model in models]
    if len(places) < 2:
        raise TinypruneError(
            f"nothing to compare {places[0]} with" if places else "nothing to compare",
            remedy="give two or more models or build directories",
        )
    for place in places:
        if Path(output).resolve() in (place.resolve(), *place.resolve().parents):
            raise TinypruneError(f"{output} would be written over {place}", remedy="choose another with -o DIR")
        if not place.is_dir() and board is None:
            raise TinypruneError(
                f"no board given to build {place} for", remedy="give --board NAME; `tinyprune boards` lists them"
            )
    with new_directory(Path(output)) as folder:
        reports = {
            name: _variant(place, board, folder / name, options)
            for name, place in zip(variant_names(places), places, strict=True)
        }
        document = comparison(reports, None)
        (folder / COMPARISON).write_text(to_json(document), encoding="utf-8")
        (folder / COMPARISON_PAGE).write_text(html.comparison_page(document), encoding="utf-8")
        return document


def variant_names(places: Iterable[Path]) -> list[str]:
    """A short name for each, of letters, digits, - and _; those that would be the same are numbered from the second."""
    names: list[str] = []
    for place in places:
        whole = place.resolve()
        name = re.sub(r"[^\w-]+", "_", whole.name if whole.is_dir() else whole.stem)
        numbered = (f"{name}-{number}" for number in range(2, len(names) + 3))
        names.append(name if name not in names else next(one for one in numbered if one not in names))
    return names


def _variant(place: Path, board: str | None, folder: Path, options: dict[str, Any]) -> Report:
    if not place.is_dir():
        assert board is not None
        return pipeline.build(place, board, output=folder, **options)
    result = saved_report(read_report(place))
    shutil.copytree(place, folder)
    return result
