"""Writes what of docs/ is made from the code. `python docs/generate`; a test fails where a file is not up to date."""

from __future__ import annotations

from pathlib import Path

from pages import pages

DOCS = Path(__file__).parents[1]

for name, text in pages().items():
    (DOCS / name).write_text(text, encoding="utf-8")
    print(DOCS.name, name, sep="/")
