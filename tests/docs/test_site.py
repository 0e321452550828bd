"""The site: built without a warning, and nothing that it shows is asked of another host."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from browser import CHROMIUM, browse, served

ROOT = Path(__file__).parents[2]
RESOURCE = re.compile(r"<(?:script|img|iframe|source)\b[^>]*\bsrc=\"(?:https?:)?//|<link\b[^>]*\bhref=\"(?:https?:)?//")

pytestmark = pytest.mark.skipif(importlib.util.find_spec("mkdocs") is None, reason="the extra `docs` is not installed")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site") / "site"
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": str(ROOT)}
    result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0 and "WARNING" not in result.stderr, result.stderr
    return folder


def test_every_page_is_there_and_asks_no_other_host(built: Path) -> None:
    sources = {file.relative_to(ROOT / "docs").with_suffix(".html") for file in (ROOT / "docs").rglob("*.md")}
    pages = {file.relative_to(built) for file in built.rglob("*.html")}
    assert sources <= pages and not (built / "generate").exists()
    for page in pages:
        assert RESOURCE.search((built / page).read_text(encoding="utf-8")) is None, page


def test_the_python_api_is_documented(built: Path) -> None:
    text = (built / "api.html").read_text(encoding="utf-8")
    for name in ("pipeline.build", "pipeline.compare", "limits.verdict.check", "pruning.pruning.prune"):
        assert f'id="tinyprune.{name}"' in text
    assert "Raises TinypruneError for anything the caller can put right" in text


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not on PATH")
@pytest.mark.parametrize("page", ["index.html", "formats.html", "cli.html"])
def test_the_browser_does_not_complain(page: str, built: Path, tmp_path: Path) -> None:
    with served(built) as site:
        result = browse(site, page, tmp_path)
    assert "CONSOLE" not in result.stderr and "</html>" in result.stdout
    assert f"/{page}" in site.asked
