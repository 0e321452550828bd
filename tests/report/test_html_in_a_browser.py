"""The pages in headless Chromium: nothing asked for but the page itself, no complaint, no scrolling sideways."""

import json
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from browser import CHROMIUM, Site, browse, served

import tinyprune

DIGITS = Path(__file__).parents[1] / "data" / "digits.tflite"
MEASURE = """<!DOCTYPE html><link rel="icon" href="data:,">
<iframe src="/PAGE" style="width:WIDTHpx"></iframe><pre></pre>
<script>addEventListener("load", () => {
  const page = document.querySelector("iframe").contentDocument, root = page.documentElement
  const seen = [...page.querySelectorAll("body *")].filter(e => e.textContent.trim() && e.getClientRects().length)
  const letters = e => parseFloat(getComputedStyle(e).fontSize) * (e.ownerSVGElement ? e.getScreenCTM().a : 1)
  document.querySelector("pre").textContent = JSON.stringify({
    width: root.clientWidth, needed: root.scrollWidth, ground: getComputedStyle(page.body).backgroundColor,
    smallest: Math.min(...seen.map(letters)),
  })
})</script>"""

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not on PATH")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Generator[Site]:
    """The directory of a comparison, and in it a comparison of three builds whose accuracy is known."""
    folder = tmp_path_factory.mktemp("site") / "both"
    tinyprune.compare(DIGITS, "stm32f4", sparsity=0.8, output=folder)
    for name, accuracy, sparsity in (("dense", 0.99, 0.5), ("auto", 0.97, 0.8)):
        file = folder / name / "report.json"
        saved = json.loads(file.read_text())
        saved["accuracy"], saved["options"]["sparsity"] = accuracy, sparsity
        file.write_text(json.dumps(saved))
    tinyprune.compare_all([folder / name for name in ("dense", "auto", "auto")], output=folder / "three")
    assert "Accuracy against" in (folder / "three" / "comparison.html").read_text()
    with served(folder) as site:
        yield site


PAGES = ["comparison.html", "auto/report.html", "three/comparison.html"]


@pytest.mark.parametrize("page", PAGES)
def test_nothing_but_the_page_is_asked_for(site: Site, page: str, tmp_path: Path) -> None:
    site.asked.clear()
    result = browse(site, page, tmp_path)
    assert site.asked == [f"/{page}"]
    assert "CONSOLE" not in result.stderr and "</html>" in result.stdout


@pytest.mark.parametrize("page", PAGES)
def test_it_is_readable_on_phone_and_desktop_light_and_dark(site: Site, page: str, tmp_path: Path) -> None:
    grounds: set[str] = set()
    for width, dark in ((320, True), (1200, False)):
        (site.folder / "measure.html").write_text(MEASURE.replace("PAGE", page).replace("WIDTH", str(width)))
        result = browse(site, "measure.html", tmp_path / str(width), dark)
        measured: dict[str, Any] = json.loads(result.stdout.split("<pre>")[1].split("</pre>")[0])
        assert measured["needed"] <= measured["width"], f"{page} scrolls sideways at {width} pixels"
        assert measured["smallest"] >= 10.5, f"{page} has letters of {measured['smallest']} pixels at {width} pixels"
        grounds.add(measured["ground"])
    assert len(grounds) == 2
