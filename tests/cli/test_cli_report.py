"""`tinyprune report`, as a user types it."""

import webbrowser
from pathlib import Path

import pytest
from typer.testing import CliRunner

import tinyprune
from tinyprune.cli import app

DIGITS = Path(__file__).parents[1] / "data" / "digits.tflite"


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("compared") / "both"
    tinyprune.compare(DIGITS, "stm32f4", sparsity=0.8, emulator="none", output=folder)
    return folder


def test_it_prints_what_build_and_compare_print(compared: Path) -> None:
    both = CliRunner().invoke(app, ["report", str(compared)])
    assert both.exit_code == 0 and "auto / dense" in both.stdout and "comparison.html" in both.stdout
    one = CliRunner().invoke(app, ["report", str(compared / "auto")])
    assert (
        one.exit_code == 0
        and "conv2d_0" in one.stdout
        and f"firmware and report.html in {compared / 'auto'}" in one.stdout
    )


def test_it_opens_the_page(compared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    for folder in (compared, compared / "auto"):
        assert CliRunner().invoke(app, ["report", str(folder), "--open"]).exit_code == 0
    assert opened == [(compared / name).as_uri() for name in ("comparison.html", "auto/report.html")]


def test_another_directory_is_one_clear_error(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["report", str(tmp_path)])
    assert result.exit_code == 2 and "not a tinyprune build directory" in " ".join(result.stderr.split())
