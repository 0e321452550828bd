"""Any number of models and of builds side by side: the document, the page, the terminal, the command."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import page as pages
import pytest
from page import Page
from typer.testing import CliRunner

import tinyprune
from tinyprune.cli import app
from tinyprune.comparing import compare_all, variant_names
from tinyprune.errors import TinypruneError
from tinyprune.report.comparison import differences, heading
from tinyprune.report.html import comparison_page

DIGITS = Path(__file__).parents[1] / "data" / "digits.tflite"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built") / "half.csr"
    tinyprune.build(DIGITS, "stm32f4", sparsity=0.5, format="csr", output=folder)
    return folder


@pytest.fixture(scope="module")
def compared(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A build that was emulated; a model file and a build for another board, which are not."""
    folder = tmp_path_factory.mktemp("compared")
    tinyprune.build(DIGITS, "microbit", sparsity=0.9, format="csr", emulator="none", output=folder / "small")
    models = [built, DIGITS, folder / "small"]
    options = ["--board", "nucleo-l4r5zi", "--sparsity", "0.8", "--emulator", "none", "-o", str(folder / "all")]
    result = CliRunner().invoke(app, ["compare", *map(str, models), *options, "--json"])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout) == json.loads((folder / "all" / "comparison.json").read_text())
    return folder / "all"


@pytest.fixture
def document(compared: Path) -> Any:
    return json.loads((compared / "comparison.json").read_text())


def test_every_variant_is_there_and_has_a_directory(compared: Path, document: Any, built: Path) -> None:
    assert [one["name"] for one in document["variants"]] == ["half_csr", "digits", "small"]
    for one in document["variants"]:
        assert json.loads((compared / one["name"] / "report.json").read_text()) == one["report"]
    assert json.loads((built / "report.json").read_text()) == document["variants"][0]["report"]
    assert [one["report"]["board"] for one in document["variants"]] == ["stm32f4", "nucleo-l4r5zi", "microbit"]


def test_ratios_are_over_the_first(document: Any) -> None:
    flash = [one["report"]["flash"]["total"] for one in document["variants"]]
    ratios = document["ratios"]
    assert [ratios[name]["flash"] for name in ("half_csr", "digits", "small")] == [
        round(bytes_ / flash[0], 4) for bytes_ in flash
    ]
    assert ratios["small"]["cycles"] is None and ratios["half_csr"]["cycles"] == 1


def test_the_page_shows_them_all(compared: Path, document: Any) -> None:
    text = (compared / "comparison.html").read_text()
    page = Page(text)
    figures = page.figures()
    for path, value, shown in figures:
        assert json.loads(value) == pages.at(document, path), path
        pages.assert_shows(shown, pages.at(document, path))
    paths = {path for path, _, _ in figures}
    assert {f"ratios.{name}.flash" for name in ("digits", "small")} <= paths
    assert {f"variants.{i}.report.sram.total" for i in range(3)} <= paths
    assert page.find("h1")[0].text == "digits.tflite on 3 boards: half_csr, digits and small"
    assert "The same weights" not in page.root.text and "nucleo-l4r5zi" in page.root.text
    pages.assert_accessible(page)
    pages.assert_self_contained(page, text)
    assert all((compared / str(link.attributes["href"])).is_file() for link in page.find("a"))


def test_the_terminal_shows_them_all(compared: Path) -> None:
    result = CliRunner().invoke(app, ["report", str(compared)], env={"COLUMNS": "120"})
    assert result.exit_code == 0, result.output
    for part in ("digits / half_csr", "small / half_csr", "microbit", "pruned to", "by layer: instructions"):
        assert part in result.stdout


def test_accuracy_is_drawn_where_it_is_known(document: Any) -> None:
    assert "Accuracy against" not in comparison_page(document)
    for variant, accuracy in zip(document["variants"], (0.97, 0.95, 0.9), strict=True):
        variant["report"]["accuracy"] = accuracy
    text = comparison_page(document)
    page = Page(text)
    assert "Accuracy against sparsity" in page.root.text
    assert "half_csr: 97.0% right at 50% zeros; digits: 95.0% right at 80% zeros; small: 90.0%" in page.root.text
    pages.assert_accessible(page)
    pages.assert_self_contained(page, text)


def test_models_of_other_layers_are_compared_in_total(document: Any, compared: Path, tmp_path: Path) -> None:
    shutil.copytree(compared, tmp_path / "all")
    del document["variants"][1]["report"]["layers"][-1]
    (tmp_path / "all" / "comparison.json").write_text(json.dumps(document))
    result = CliRunner().invoke(app, ["report", str(tmp_path / "all")])
    assert result.exit_code == 0 and "by layer" not in result.stdout


def test_what_is_told_apart(document: Any) -> None:
    one = document["variants"][0]["report"]
    other = json.loads(json.dumps(one))
    assert differences([one, other]) == {} and heading([one, other]) == "digits.tflite on stm32f4"
    other["model"] = {"path": "elsewhere/digits.tflite", "sha256": "0"}
    assert differences([one, other]) == {"model": [one["model"]["path"], "elsewhere/digits.tflite"]}
    other["model"]["path"] = "kws.tflite"
    assert differences([one, other]) == {"model": ["digits.tflite", "kws.tflite"]}
    assert heading([one, other]) == "2 models on stm32f4"
    other["model"]["sha256"] = one["model"]["sha256"]
    assert differences([one, other]) == {}  # one model under two names
    other["emulator"], other["toolchain"] = None, {**one["toolchain"], "version": "99"}
    assert list(differences([one, other])) == ["compiler", "emulator"]
    assert differences([one, other])["emulator"][1] == "none"


def test_names_are_short_and_different(tmp_path: Path) -> None:
    for folder in ("a/kws", "b/kws", "kws 2.1"):
        (tmp_path / folder).mkdir(parents=True)
    places = [tmp_path / "a/kws", tmp_path / "b/kws", Path("c/kws.tflite"), tmp_path / "kws 2.1", Path("kws-2.tflite")]
    assert variant_names(places) == ["kws", "kws-2", "kws-3", "kws_2_1", "kws-2-2"]


def test_mistakes_are_told_before_anything_is_built(built: Path, tmp_path: Path) -> None:
    before = sorted(built.parent.rglob("*"))
    for models, output, message in (
        ([built], tmp_path / "x", "nothing to compare"),
        ([built, DIGITS], tmp_path / "x", "no board given to build"),
        ([built, built], built, "would be written over"),
        ([built, built], built.parent, "would be written over"),
        ([built, tmp_path], tmp_path / "x", "not a tinyprune build directory"),
    ):
        with pytest.raises(TinypruneError, match=message):
            compare_all(models, output=output)
    assert sorted(built.parent.rglob("*")) == before and list(tmp_path.iterdir()) == []
    one = CliRunner().invoke(app, ["compare", str(built)])
    assert one.exit_code == 2 and "nothing to compare" in one.stderr
