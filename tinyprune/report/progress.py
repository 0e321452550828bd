"""What goes on, on stderr: a line a step, with a spinner and the time it took."""

from __future__ import annotations

import time
from types import TracebackType

from rich.console import Console
from rich.status import Status
from rich.text import Text


class Progress:
    """Shows one step at a time; a finished one keeps its line."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False, markup=False)
        self._status: Status | None = None
        self._text = ""
        self._start_s = 0.0

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._finish(failed=kind is not None)

    def say(self, text: str, *, transient: bool = False) -> None:
        """Ends the step before, and starts `text`; a transient text only shows how far the step is."""
        if transient and self._status is not None:
            self._status.update(Text(f"{self._text}: {text}"))
            return
        self._finish(failed=False)
        self._text, self._start_s = text, time.monotonic()
        self._status = self._console.status(Text(text))
        self._status.start()

    def _finish(self, failed: bool) -> None:
        if self._status is None:
            return
        self._status.stop()
        self._status = None
        took = time.monotonic() - self._start_s
        self._console.print(f"{'failed' if failed else f'{took:5.1f} s'}  {self._text}", style="dim")
