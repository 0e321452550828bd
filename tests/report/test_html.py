"""The pages hold the figures of the JSON documents, and no others; they say what is missing, and need nothing else."""

import copy
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import page as pages
import pytest
from page import Page

import tinyprune
from tinyprune.report.html import comparison_page, report_page
from tinyprune.report.html.pages import TEMPLATES

DIGITS = Path(__file__).parents[1] / "data" / "digits.tflite"
NOT_EMULATED = ("emulator", "cycle_model", "bit_exact", "instructions", "core_cycles", "flash_stalls", "cycles")


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("compared") / "both"
    tinyprune.compare(DIGITS, "stm32f4", sparsity=0.8, output=folder)
    return folder


@pytest.fixture(scope="module")
def report(compared: Path) -> Any:
    return json.loads((compared / "auto" / "report.json").read_text())


FILES = ["auto/report", "dense/report", "comparison"]


@pytest.mark.parametrize("name", FILES)
def test_every_figure_is_that_of_the_document(compared: Path, name: str) -> None:
    document = json.loads((compared / f"{name}.json").read_text())
    figures = Page((compared / f"{name}.html").read_text()).figures()
    assert len(figures) > 50
    for path, value, text in figures:
        assert json.loads(value) == pages.at(document, path), path
        pages.assert_shows(text, pages.at(document, path))


def test_no_figure_of_the_report_is_left_out(compared: Path, report: Any) -> None:
    shown = {path for path, _, _ in Page((compared / "auto" / "report.html").read_text()).figures()}
    keys = ("macs", "nonzeros", "sparsity", "weights_bytes", "alive_bytes", "cycles", "flash_stalls")
    layers = [(i, layer) for i, layer in enumerate(report["layers"])]
    wanted = {f"layers.{i}.{key}" for i, layer in layers for key in keys if layer["format"] or key != "nonzeros"}
    wanted |= {f"{part}.{key}" for part in ("flash", "sram") for key, value in report[part].items() if value}
    wanted |= {f"memory_plan.blocks.{i}.bytes" for i in range(len(report["memory_plan"]["blocks"]))}
    assert wanted | {"cycles", "instructions", "flash_stalls", "memory_plan.bytes"} <= shown


def test_numbers_outside_of_figures(compared: Path, report: Any) -> None:
    """What is computed from figures, and what stands where no element can: in the plan's tooltips."""
    page = Page((compared / "auto" / "report.html").read_text())
    ms = 1000 * report["cycles"] / report["hardware"]["clock_hz"]
    assert f"{ms:.3g} ms" in page.root.text
    plan = next(svg for svg in page.find("svg") if svg.attributes.get("aria-labelledby") == "plan-title")
    titles = [
        rect.find("title")[0].text for rect in plan.find("rect") if "block" in (rect.attributes.get("class") or "")
    ]
    blocks = report["memory_plan"]["blocks"]
    assert len(titles) == len(blocks)
    for title, block in zip(titles, blocks, strict=True):
        assert f": {block['bytes']:,} bytes at {block['offset']:,} ({block['name']})" in title
    for layer in report["layers"]:
        assert (layer["reason"] or "") in page.root.text and layer["name"] in page.root.text
    for text in (report["model"]["sha256"], report["cycle_model"]["claim"], " ".join(report["toolchain"]["flags"])):
        assert text in page.root.text


@pytest.mark.parametrize("name", FILES)
def test_anyone_can_read_it_and_it_needs_nothing_else(compared: Path, name: str) -> None:
    text = (compared / f"{name}.html").read_text()
    page = Page(text)
    pages.assert_accessible(page)
    pages.assert_self_contained(page, text)
    for link in page.find("a"):
        assert (compared / f"{name}.html").parent.joinpath(link.attributes["href"] or "").is_file()


def test_the_same_document_gives_the_same_bytes(compared: Path) -> None:
    document = json.loads((compared / "comparison.json").read_text())
    assert comparison_page(document) == (compared / "comparison.html").read_text()


def without_run(report: Any) -> Any:
    """The report as `--emulator none` makes it."""
    document = copy.deepcopy(report) | dict.fromkeys(NOT_EMULATED) | {"inputs_checked": 0}
    document["sram"]["stack"] = None
    for layer in document["layers"]:
        layer.update(dict.fromkeys(NOT_EMULATED[3:]))
    return document


def test_what_was_not_measured_is_not_shown(report: Any) -> None:
    page = Page(report_page(without_run(report), {}))
    assert "not emulated" in page.root.text and "bit-exact:" not in page.root.text
    assert "Roofline" not in page.root.text and "cycles an inference" not in page.root.text
    assert "Where the weights" not in page.root.text
    assert {"sram.stack": "null"}.items() <= {path: value for path, value, _ in page.figures()}.items()
    pages.assert_accessible(page)


def test_a_comparison_of_what_was_not_measured(compared: Path) -> None:
    document = json.loads((compared / "comparison.json").read_text())
    for variant in document["variants"]:
        variant["report"] = without_run(variant["report"])
    document["ratios"]["auto"].update(instructions=None, cycles=None)
    page = Page(comparison_page(document))
    assert page.root.text.count("not emulated") == 2
    changes = {path for path, _, text in page.figures() if text.endswith(("less", "more", "fewer", "the same"))}
    assert changes == {"ratios.auto.flash", "ratios.auto.flash_weights", "ratios.auto.sram"}
    pages.assert_accessible(page)


@pytest.mark.parametrize(
    ("core_cycles", "said"), [(None, "no cycles are claimed"), (777, "777 cycles of the core; what it waits")]
)
def test_without_cycles_instructions_stand_in_their_place(report: Any, core_cycles: int | None, said: str) -> None:
    document = copy.deepcopy(report)
    for one in (document, *document["layers"]):
        one.update(core_cycles=core_cycles, flash_stalls=None, cycles=None)
    page = Page(report_page(document, {}))
    assert "instructions an inference" in page.root.text and "roofline" not in page.root.text
    assert said in page.root.text
    assert "layers.2.instructions" in {path for path, _, _ in page.figures()}


def test_a_firmware_that_is_not_exact_says_so(report: Any) -> None:
    assert "NOT bit-exact" in report_page(report | {"bit_exact": False}, {})
    assert "NOT bit-exact" not in report_page(report, {})


def test_variants_that_are_not_all_exact_are_told_apart(compared: Path) -> None:
    document = json.loads((compared / "comparison.json").read_text())
    assert "Each is" in comparison_page(document)
    document["variants"][1]["report"]["bit_exact"] = False
    text = comparison_page(document)
    assert "Each is" not in text and text.count("NOT bit-exact") == 1


def test_variants_of_other_layers_have_no_table_of_layers(compared: Path) -> None:
    document = json.loads((compared / "comparison.json").read_text())
    del document["variants"][1]["report"]["layers"][-1]
    page = Page(comparison_page(document))
    assert "Layer by layer" not in page.root.text and "Side by side" in page.root.text


def test_further_tables_appear_when_they_are_there(report: Any) -> None:
    document = copy.deepcopy(report)
    document["functions"] = [
        {"name": "tp_invoke", "cycles": 1234, "share": 0.25},
        {"name": "tp_add_s8", "cycles": None, "share": 0.5},
    ]
    document["layers"][1]["candidates"] = [{"format": "dense", "cycles": 98765, "chosen": False}]
    page = Page(report_page(document, {}))
    figures = {path: text for path, _, text in page.figures()}
    assert figures["functions.0.share"] == "0.25" and figures["functions.1.cycles"] == "-"
    assert figures["functions.0.cycles"] == "1,234" and figures["layers.1.candidates.0.cycles"] == "98,765"
    captions = {caption.text for caption in page.find("caption")}
    assert {"functions", f"{document['layers'][1]['name']}: candidates"} <= captions
    pages.assert_accessible(page)


def test_names_are_text_and_never_markup(report: Any) -> None:
    document = copy.deepcopy(report)
    document["model"]["path"] = document["layers"][0]["name"] = document["memory_plan"]["blocks"][0]["name"] = (
        '"><script>alert(1)</script>'
    )
    text = report_page(document, {document["layers"][0]["name"]: np.ones((2, 2))})
    pages.assert_self_contained(Page(text), text)


def luminance(color: str) -> float:
    """Relative luminance, WCAG 2.2."""
    parts = (int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_contrast(scheme: int) -> None:
    """WCAG 2.2: 4.5 for text (1.4.3), 3 for what a drawing is made of (1.4.11)."""
    blocks = re.findall(r":root \{(.*?)\}", (TEMPLATES / "style.css").read_text(), re.DOTALL)
    color = dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", blocks[scheme]))

    def contrast(one: str, other: str) -> float:
        low, high = sorted((luminance(color[one]), luminance(color[other])))
        return (high + 0.05) / (low + 0.05)

    for behind in ("ground", "card"):
        for text in ("ink", "soft", "good", "bad"):
            assert contrast(text, behind) >= 4.5, (text, behind)
        for part in ("first", "second", "third"):
            assert contrast(part, behind) >= 3, (part, behind)
    assert contrast("first", "ground") >= 4.5  # links
