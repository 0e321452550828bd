"""The picture of the README, from what `tinyprune compare` measured:

python docs/generate/comparison_picture.py build/digits-stm32f4-compare/comparison.json
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from tinyprune.report.comparison import heading

PICTURE = Path(__file__).parents[1] / "pictures" / "comparison.svg"
FIGURES = {  # what it is called: its path in a report, and its ratio
    "cycles": (("cycles",), "cycles"),
    "bytes of flash": (("flash", "total"), "flash"),
    "of it the model's constants": (("flash", "weights"), "flash_weights"),
    "bytes of SRAM": (("sram", "total"), "sram"),
}
WIDTH, EDGE, TOP, PANEL, BAR = 760, 20, 62, 74, 20
TRACK = 430
COLOURS = ("#9aa2ac", "#2b63c6")


def comparison_picture(document: Mapping[str, Any]) -> str:
    """An SVG: for each of FIGURES a bar of the first and one of the last variant, and how much less it is."""
    variants = [document["variants"][0], document["variants"][-1]]
    report = variants[0]["report"]
    title = f"{heading([one['report'] for one in variants])}, {report['options']['sparsity']:.0%} of the weights pruned"
    height = TOP + len(FIGURES) * PANEL + 40
    lines = [
        f'<text x="{EDGE}" y="34" font-size="18" font-weight="600">{escape(title)}</text>',
        *(line for i, name in enumerate(FIGURES) for line in _panel(name, TOP + i * PANEL, document, variants)),
        f'<text x="{EDGE}" y="{height - 20}" fill="#4d555f">{escape(_foot(document))}</text>',
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        f'role="img" aria-label="{escape(title)}" font-family="sans-serif" font-size="14" fill="#1c1f23">\n'
        f'<rect width="{WIDTH}" height="{height}" rx="8" fill="#fff"/>\n' + "\n".join(lines) + "\n</svg>\n"
    )


def _panel(name: str, top: int, document: Mapping[str, Any], variants: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    path, ratio = FIGURES[name]
    values = [_at(one["report"], path) for one in variants]
    less = 1 - document["ratios"][variants[-1]["name"]][ratio]
    yield f'<text x="{EDGE}" y="{top + 12}" font-weight="600">{name}</text>'
    big = f'text-anchor="end" font-size="24" font-weight="600" fill="{COLOURS[1]}"'
    change = f"{abs(less):.0%} {'less' if less >= 0 else 'more'}"
    yield f'<text x="{WIDTH - EDGE}" y="{top + 44}" {big}>{change}</text>'
    for i, (variant, value, colour) in enumerate(zip(variants, values, COLOURS, strict=True)):
        y, width = top + 20 + i * (BAR + 3), round(TRACK * value / max(values), 1)
        yield f'<text x="{EDGE}" y="{y + 15}" fill="#4d555f">{escape(variant["name"])}</text>'
        yield f'<rect x="{EDGE + 50}" y="{y}" width="{width}" height="{BAR}" rx="2" fill="{colour}"/>'
        yield f'<text x="{EDGE + 58 + width}" y="{y + 15}">{value:,}</text>'


def _foot(document: Mapping[str, Any]) -> str:
    report = document["variants"][-1]["report"]
    parts = [f"{report['toolchain']['name']} {report['toolchain']['version']}"]
    if report["accuracy"] is not None and document["unpruned_accuracy"] is not None:
        parts.insert(0, f"accuracy {report['accuracy']:.1%}, without pruning {document['unpruned_accuracy']:.1%}")
    exact = all(one["report"]["bit_exact"] for one in document["variants"])
    return "; ".join([*parts, "bit-exact" if exact else "not checked to be bit-exact"])


def _at(report: Mapping[str, Any], path: Sequence[str]) -> int:
    value: Any = report
    for key in path:
        value = value[key]
    return value


if __name__ == "__main__":
    PICTURE.write_text(comparison_picture(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))), encoding="utf-8")
