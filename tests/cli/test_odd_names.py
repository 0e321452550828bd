"""Names that would be markup, or take more room than a column has, are printed as they are."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tinyprune.cli import app

DIGITS = Path(__file__).parents[1] / "data" / "digits.tflite"
MODEL = "net[red] v2.tflite"
BUILD = "[/b] out"  # a path of two parts


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("odd")
    shutil.copy(DIGITS, folder / MODEL)
    return folder


def printed(folder: Path, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> str:
    monkeypatch.chdir(folder)
    result = CliRunner().invoke(app, list(arguments), env={"COLUMNS": "80"})
    assert result.exit_code == 0, (result.exception, result.stderr)
    return result.stdout


def test_every_table_prints_brackets(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built = printed(folder, monkeypatch, "build", MODEL, "--board", "stm32f4", "--emulator", "none", "-o", BUILD)
    for text in (built, printed(folder, monkeypatch, "report", BUILD)):
        assert f"{MODEL} on stm32f4" in text and f"in {BUILD}\n" in text
    assert MODEL in printed(folder, monkeypatch, "check", BUILD, "--max-flash", "1M")
    assert MODEL in printed(folder, monkeypatch, "analyze", MODEL)
    image = shutil.copy(folder / BUILD / "firmware.elf", folder / "image[red].elf")
    assert "image[red].elf on stm32f4" in printed(folder, monkeypatch, "profile", image.name, "--board", "stm32f4")


def test_long_names_of_variants_are_whole(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"a_rather_long_name_of_a_model_{letter}" for letter in "xyz"]
    for name in names:
        shutil.copy(DIGITS, folder / f"{name}.tflite")
    models = [f"{name}.tflite" for name in names]
    text = printed(folder, monkeypatch, "compare", *models, "--board", "stm32f4", "--emulator", "none")
    assert "\N{HORIZONTAL ELLIPSIS}" not in text
