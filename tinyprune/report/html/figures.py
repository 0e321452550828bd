"""Figures as HTML. Each is a <data> element that says where in the JSON document it stands and what stands there, so
that a test, or a reader's script, can hold the page against the document."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

MISSING = "-"


@dataclass(frozen=True, eq=False)
class Figures:
    """Writes figures of `document`, each found by its path from `base`: keys, and indices of lists."""

    document: Mapping[str, Any]
    base: tuple[str | int, ...] = ()

    def at(self, *path: str | int) -> Figures:
        return Figures(self.document, (*self.base, *path))

    def value(self, *path: str | int) -> Any:
        found: Any = self.document
        for key in (*self.base, *path):
            found = found[key]
        return found

    def count(self, *path: str | int) -> Markup:
        return self._data(path, lambda number: f"{number:,}")

    def percent(self, *path: str | int) -> Markup:
        return self._data(path, lambda share: f"{share:.1%}")

    def factor(self, *path: str | int) -> Markup:
        return self._data(path, lambda ratio: f"{ratio:.2f}x")

    def _data(self, path: tuple[str | int, ...], show: Callable[[Any], str]) -> Markup:
        value = self.value(*path)
        text = MISSING if value is None else show(value)
        place = ".".join(map(str, (*self.base, *path)))
        return Markup('<data value="{}" data-of="{}">{}</data>').format(json.dumps(value), place, text)


def change(ratio: float, less: str, more: str) -> str:
    """A ratio in words: "58.1% fewer", or "the same"."""
    if ratio == 1:
        return "the same"
    return f"{abs(1 - ratio):.1%} {less if ratio < 1 else more}"


def width(part: float | None, whole: float | None) -> str:
    """How long a bar is, in percent of its track."""
    return f"{100 * part / whole:.2f}%" if part and whole else "0%"
