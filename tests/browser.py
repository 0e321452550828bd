"""A folder served to headless Chromium, for which there is no other host."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@dataclass
class Site:
    """What is served; `asked` is what was asked for."""

    port: int
    folder: Path
    asked: list[str] = field(default_factory=list)


@contextmanager
def served(folder: Path) -> Generator[Site]:
    asked: list[str] = []

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            asked.append(self.path)

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=folder))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield Site(server.server_address[1], folder, asked)
    finally:
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
