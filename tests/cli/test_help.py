"""What `--help` shows is what is written: rich takes words in square brackets for markup, and leaves them out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer

from tinyprune.cli import app


def commands(group: Any) -> Iterator[Any]:
    for command in group.commands.values():
        yield command
        yield from commands(command) if hasattr(command, "commands") else ()


def test_no_text_is_taken_for_markup() -> None:
    found = list(commands(typer.main.get_command(app)))
    assert {"prune", "new"} <= {command.name for command in found}
    for command in found:
        for text in (command.help, *(parameter.help for parameter in command.params)):
            assert "[" not in (text or ""), (command.name, text)
