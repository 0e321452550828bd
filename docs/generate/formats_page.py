"""docs/formats.md and its pictures: what each storage format makes of one small matrix, as its own `pack` makes it."""

from __future__ import annotations

import importlib
import inspect
import itertools
from collections.abc import Iterator, Sequence

import numpy as np

from tinyprune.formats import FORMATS

# At most one weight in four neighbours, so that every format can hold it; no value twice, so that each tells its row.
MATRIX = np.array([[0, 7, 0, 0, -3, 0, 0, 0], [5, 0, 0, 0, 0, 0, -2, 0], [0] * 8, [0, 0, 4, 0, 9, 0, 0, 0]], np.int8)
HUES = ("#2b63c6", "#a8480a", "#6b7480", "#1a6b37")  # of the rows of the matrix; white on each has a contrast above 4.5
SOFT = "#6b7480"  # of a zero
CELL, WIDE_CELL, LABEL, EDGE, GAP = 28, 44, 170, 10, 12
LINE = 16 * CELL
WIDTH = LABEL + LINE + 2 * EDGE
HEAD = """# Storage formats

How the weights of a layer can lie in flash. `tinyprune build` measures the kernels of all formats that a layer can
have, and takes what makes the whole model best; `--format NAME` forces one, and the report says of each layer which it
has, and why.

Weights are seen as a matrix: a row for each output channel, a column for each weight of it (height, width, input
channel). The pictures show what each format makes of this one, of which 6 of 32 weights are left and a row is empty.
This page is made by `python docs/generate`, from the code that packs the weights of your model.

![Four rows of eight weights](pictures/format_matrix.svg)

| format | | bytes of this matrix |
|---|---|---|
"""


def formats_page() -> str:
    """A row for each format, then a section for each module of formats: its docstring, and a picture of each."""
    rows = [f"| `{name}` | {info.summary} | {_bytes(name)} |\n" for name, info in FORMATS.items()]
    modules = itertools.groupby(FORMATS, key=_module)
    return HEAD + "".join(rows) + "".join(_section(module, list(names)) for module, names in modules)


def format_pictures() -> dict[str, str]:
    """The SVG of the matrix and of each format, by file name."""
    rows = [(f"row {i}", row, True) for i, row in enumerate(MATRIX)]
    pictures = {"format_matrix.svg": _svg("the matrix", rows, gap=0)}
    for name, info in FORMATS.items():
        arrays = info.module.pack(MATRIX).items()
        lines = [(f"{key}, {array.nbytes} bytes", array, key == "values") for key, array in arrays]
        pictures[f"format_{name}.svg"] = _svg(name, lines, GAP)
    return pictures


def _bytes(name: str) -> int:
    return sum(array.nbytes for array in FORMATS[name].module.pack(MATRIX).values())


def _module(name: str) -> str:
    module = FORMATS[name].module
    return module.__name__ if inspect.ismodule(module) else type(module).__module__


def _section(module: str, names: Sequence[str]) -> str:
    text = inspect.getdoc(importlib.import_module(module)) or ""
    pictures = "".join(f"\n![What {name} makes of the matrix](pictures/format_{name}.svg)\n" for name in names)
    return f"\n## {', '.join(names)}\n\n{text}\n{pictures}"


def _svg(title: str, arrays: Sequence[tuple[str, np.ndarray, bool]], gap: int) -> str:
    """Each array as a line of cells, or several, with its label on the left; the third says if it holds weights."""
    drawn, y = [], EDGE
    for label, array, weights in arrays:
        texts, width = _texts(array.reshape(-1))
        drawn.append(f'<text x="{EDGE}" y="{y + 19}">{label}</text>')
        drawn += _cells(texts, width, weights, y)
        y += -(-array.size // (LINE // width)) * CELL + gap
    height = y + EDGE - gap
    body = "\n".join(drawn)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        f'role="img" aria-label="{title}" font-family="sans-serif" font-size="13">\n'
        f'<rect width="{WIDTH}" height="{height}" rx="6" fill="#fff"/>\n{body}\n</svg>\n'
    )


def _texts(values: np.ndarray) -> tuple[list[str], int]:
    """What stands in the cells, and how wide these are: instructions are hexadecimal."""
    if values.max(initial=0) > 999:
        return [f"{value:04x}" for value in values.tolist()], WIDE_CELL
    return [str(value) for value in values.tolist()], CELL


def _cells(texts: Sequence[str], width: int, weights: bool, top: int) -> Iterator[str]:
    """Weights have the colour of their row in the matrix; zeros, and what is no weight, have none."""
    for i, text in enumerate(texts):
        line, place = divmod(i, LINE // width)
        x, y = EDGE + LABEL + place * width, top + line * CELL
        hue = HUES[np.nonzero(int(text) == MATRIX)[0][0]] if weights and text != "0" else None
        ink = "#fff" if hue else SOFT if weights else "#1c1f23"
        yield f'<rect x="{x}" y="{y}" width="{width}" height="{CELL}" fill="{hue or "#fff"}" stroke="#9aa2ac"/>'
        yield f'<text x="{x + width // 2}" y="{y + 19}" text-anchor="middle" fill="{ink}">{text}</text>'
