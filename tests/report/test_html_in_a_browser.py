"""The pages in headless Chromium: nothing asked for but the page itself, no complaint, no scrolling sideways."""

import json
import shutil
import subprocess
import threading
from collections.abc import Generator
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

import tinyprune

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
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


@dataclass
class Site:
    """The directory of a comparison, served; `asked` is what was asked for."""

    port: int
    folder: Path
    asked: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Generator[Site]:
    folder = tmp_path_factory.mktemp("site") / "both"
    tinyprune.compare(DIGITS, "stm32f4", sparsity=0.8, output=folder)
    asked: list[str] = []

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            asked.append(self.path)

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=folder))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield Site(server.server_address[1], folder, asked)
    server.shutdown()
    thread.join()
    server.server_close()


def browse(site: Site, page: str, profile: Path, dark: bool = False) -> subprocess.CompletedProcess[str]:
    """Opens a page with every other host unreachable, so that asking for one is an error in the console."""
    assert CHROMIUM is not None
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}", "--no-first-run"]
    command += ["--enable-logging=stderr", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
    command += [f"--blink-settings=preferredColorScheme={0 if dark else 1}", "--dump-dom", "--window-size=1400,900"]
    command.append(f"http://127.0.0.1:{site.port}/{page}")
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)


PAGES = ["comparison.html", "auto/report.html"]


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
