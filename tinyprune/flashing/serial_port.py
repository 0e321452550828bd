"""What a board says on its serial port."""

from __future__ import annotations

import importlib
import re
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

from tinyprune.errors import TinypruneError, ToolMissingError

BEGIN, DONE = "tinyprune: model", "tinyprune: done"
LIMIT_S = 60.0
POLL_S = 0.2


@contextmanager
def listening(port: str | None, baud: int) -> Generator[Callable[[], str]]:
    """Opens `port`, or the only one there is; what it gives reads on until a whole run is heard, and returns the text.

    Open it before the board is reset, so that nothing is missed. Raises ToolMissingError without pyserial, and
    TinypruneError where the port cannot be read, or the firmware is not done within LIMIT_S.
    """
    serial = _module("serial")
    name = port or _only_port()
    try:
        with serial.Serial(name, baud, timeout=POLL_S) as stream:
            yield lambda: _until_done(stream, name)
    except serial.SerialException as error:
        raise TinypruneError(f"cannot read the serial port {name}: {error}") from error


def _module(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ToolMissingError("pyserial is not installed", remedy="pip install 'tinyprune[serial]'") from error


def _only_port() -> str:
    ports = [one.device for one in _module("serial.tools.list_ports").comports()]
    if len(ports) != 1:
        there = f"there are {', '.join(ports)}" if ports else "there is none"
        raise TinypruneError(f"which serial port is the board's? {there}", remedy="name it with --port")
    return str(ports[0])


def _until_done(stream: Any, name: str) -> str:
    text, end = "", time.monotonic() + LIMIT_S
    while time.monotonic() < end:
        text += stream.read(stream.in_waiting or 1).decode("ascii", "replace")
        if re.search(f"{BEGIN}.*{DONE}\r?\n", text, re.DOTALL):  # whole, though it may begin in another
            return text
    raise TinypruneError(
        f"the board did not say '{DONE}' on {name} within {LIMIT_S:g} s, but: {text[-200:].strip() or 'nothing'}",
        remedy="see that the port is the board's, and reset the board while this waits",
    )
