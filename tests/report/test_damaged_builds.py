"""A build that is not whole, or of another version, is one clear error in every command that reads it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

import tinyprune
from tinyprune.cli import app

DIGITS = Path(__file__).parents[1] / "data" / "digits.tflite"
COMMANDS = {
    "run": ["run"],
    "validate": ["validate"],
    "export": ["export", "--as", "c", "-o", "exported"],
    "profile": ["profile"],
    "flash": ["flash", "--dry-run"],
    "report": ["report"],
    "check": ["check", "--max-flash", "1M"],
}


def rewrite(change: Callable[[dict[str, object]], object]) -> Callable[[Path], object]:
    def damage(folder: Path) -> None:
        file = folder / "report.json"
        document = json.loads(file.read_text())
        change(document)
        file.write_text(json.dumps(document))

    return damage


DAMAGES: dict[str, tuple[Callable[[Path], object], list[str], str]] = {
    "another kind of report": (lambda f: (f / "report.json").write_text("{}"), [*COMMANDS], "not a tinyprune build"),
    "a later version": (
        rewrite(lambda d: d.update(schema=99)),
        ["run", "validate", "export", "report", "check"],
        "written by tinyprune",
    ),
    "an earlier version": (
        rewrite(lambda d: d.pop("options")),
        ["run", "validate", "export", "report", "check"],
        "written by tinyprune",
    ),
    "no model": (lambda f: (f / "model.tflite").unlink(), ["run", "validate", "export"], "cannot read out/model"),
    "no inputs": (lambda f: (f / "inputs.npy").unlink(), ["run", "validate", "export"], "cannot read out/inputs.npy"),
    "other inputs": (lambda f: (f / "inputs.npy").write_text("no array"), ["run"], "cannot read out/inputs.npy"),
    "no image": (
        lambda f: (f / "firmware.elf").unlink(),
        ["run", "validate", "profile"],
        "cannot read out/firmware.elf",
    ),
    "another image": (lambda f: (f / "firmware.elf").write_text("no ELF"), ["run", "validate"], "cannot read out/firm"),
    "half an image": (
        lambda f: (f / "firmware.elf").write_bytes((f / "firmware.elf").read_bytes()[:3000]),
        ["run", "validate", "profile"],
        "firmware.elf",
    ),
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("damaged") / "out"
    tinyprune.build(DIGITS, "stm32f4", emulator="none", output=folder)
    return folder


@pytest.mark.parametrize(
    ("damage", "command"), [(damage, command) for damage, row in DAMAGES.items() for command in row[1]]
)
def test_one_clear_error(
    damage: str, command: str, built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(built, tmp_path / "out")
    monkeypatch.chdir(tmp_path)
    apply, _, message = DAMAGES[damage]
    apply(tmp_path / "out")
    name, *options = COMMANDS[command]
    result = CliRunner().invoke(app, [name, "out", *options])
    assert result.exit_code == 2, result.exception
    assert result.stderr.count("error: ") == 1 and message in result.stderr
    assert not (tmp_path / "exported").exists()
