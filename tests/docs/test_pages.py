"""What of docs/ is made from the code is up to date, and what it and the README tell a user to type exists."""

from __future__ import annotations

import re
import shlex
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from tinyprune.cli import app

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
sys.path.insert(0, str(DOCS / "generate"))

from comparison_picture import FIGURES, comparison_picture  # noqa: E402
from pages import pages  # noqa: E402

PAGES = pages()
TEXTS = sorted([ROOT / "README.md", *DOCS.rglob("*.md")])


@pytest.mark.parametrize("name", PAGES)
def test_what_is_made_from_the_code_is_up_to_date(name: str) -> None:
    assert (DOCS / name).read_text(encoding="utf-8") == PAGES[name], "run: python docs/generate"


def test_nothing_is_left_of_formats_that_went() -> None:
    pictures = {file.name for file in (DOCS / "pictures").glob("format_*.svg")}
    assert pictures == {Path(name).name for name in PAGES if name.startswith("pictures/")}


@pytest.mark.parametrize("file", sorted((DOCS / "pictures").glob("*.svg")), ids=lambda file: file.name)
def test_pictures_are_named_and_keep_within_their_frame(file: Path) -> None:
    root = ElementTree.parse(file).getroot()
    assert root.get("role") == "img" and root.get("aria-label")
    width, height = int(root.attrib["width"]), int(root.attrib["height"])
    for place in root.iter("{http://www.w3.org/2000/svg}rect"):
        x, y = float(place.get("x", 0)), float(place.get("y", 0))
        assert x + float(place.attrib["width"]) <= width and y + float(place.attrib["height"]) <= height


def commands(group: Any, path: str = "tinyprune") -> dict[str, Any]:
    """Every command and the options that it takes, `--help` among them."""
    found = {path: group}
    for name, command in getattr(group, "commands", {}).items():
        found |= commands(command, f"{path} {name}")
    return found


COMMANDS = commands(typer.main.get_command(app))


def typed(text: str) -> Iterator[list[str]]:
    """What stands in blocks of code as a line that begins with tinyprune, without what a prompt or a script adds."""
    for block in re.findall(r"^```[^\n]*\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        for line in block.splitlines():
            if match := re.match(r"\s*(?:[$] |- run: |run: )?(tinyprune [a-z].*)", line):
                yield shlex.split(match[1].replace("\\", ""), comments=True)


@pytest.mark.parametrize("file", TEXTS, ids=lambda file: file.name)
def test_commands_that_are_shown_exist(file: Path) -> None:
    for words in typed(file.read_text(encoding="utf-8")):
        deepest = [path for n in range(1, 4) if (path := " ".join(words[:n])) in COMMANDS][-1]
        assert deepest != "tinyprune", f"{file.name} shows {' '.join(words)}"
        known = {name for one in COMMANDS[deepest].params for name in one.opts} | {"--help"}
        given = {word.split("=")[0] for word in words if re.match("--?[a-z]", word)}
        assert given <= known, f"{file.name} shows {' '.join(words)}"


@pytest.mark.parametrize("file", TEXTS, ids=lambda file: file.name)
def test_links_lead_somewhere(file: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)", file.read_text(encoding="utf-8")):
        if not re.match("[a-z]+:", target):
            assert (file.parent / target).exists(), f"{file.name} links to {target}"


def variant(name: str, factor: int) -> dict[str, Any]:
    report = {
        "model": {"path": "a&b.tflite", "sha256": "0"},
        "board": "stm32f4",
        "options": {"sparsity": 0.75},
        "toolchain": {"name": "gcc", "version": "12"},
        "cycles": 1000 * factor,
        "flash": {"total": 2000 * factor, "weights": 300 * factor},
        "sram": {"total": 40 * factor},
        "accuracy": 0.9,
        "bit_exact": True,
    }
    return {"name": name, "report": report}


def test_the_picture_of_a_comparison_shows_its_figures() -> None:
    ratios = {"cycles": 0.5, "flash": 0.5, "flash_weights": 0.5, "sram": 1.25}
    document = {
        "variants": [variant("dense", 2), variant("auto", 1)],
        "ratios": {"auto": ratios},
        "unpruned_accuracy": 0.95,
    }
    text = comparison_picture(document)
    shown = [element.text for element in ElementTree.fromstring(text).iter("{http://www.w3.org/2000/svg}text")]
    for figure in ("2,000", "1,000", "4,000", "600", "300", "80", "40", "50% less", "25% more", *FIGURES):
        assert figure in shown, figure
    assert shown[0] == "a&b.tflite on stm32f4, 75% of the weights pruned"
    assert shown[-1] == "accuracy 90.0%, without pruning 95.0%; gcc 12; bit-exact"
    document["variants"][1]["report"]["bit_exact"] = None
    assert "not checked to be bit-exact" in comparison_picture(document)


def test_the_picture_and_the_transcript_of_the_readme_are_of_one_run() -> None:
    drawn = ElementTree.parse(DOCS / "pictures" / "comparison.svg").iter("{http://www.w3.org/2000/svg}text")
    figures = [element.text for element in drawn if re.fullmatch(r"[\d,]+", element.text or "")]
    transcript = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(figures) == 2 * len(FIGURES) and all(f" {figure} " in transcript for figure in figures)
