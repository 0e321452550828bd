"""docs/cli.md: the reference of the command line, from the command line itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer

from tinyprune.cli import app

HEAD = """# Command line

Made from `tinyprune --help` by `python docs/generate`. Results go to stdout, progress and errors to stderr. The exit
code is 0; 1 where a check says no (`check`, `doctor`, `flash --check`, `validate`); 2 for a mistake, which is named
with its remedy.
"""


def cli_page() -> str:
    """One section a command, in the order of their names."""
    return "\n".join([HEAD, *_group(typer.main.get_command(app), "tinyprune")]).rstrip() + "\n"


def _group(group: Any, path: str) -> Iterator[str]:
    context = typer.Context(group)
    for name in sorted(group.list_commands(context)):
        command = group.get_command(context, name)
        yield from _command(command, f"{path} {name}")
        if hasattr(command, "commands"):
            yield from _group(command, f"{path} {name}")


def _command(command: Any, path: str) -> Iterator[str]:
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    options = [one for one in command.params if one.param_type_name == "option"]
    usage = " ".join([path, *(_argument(one) for one in arguments), "[OPTIONS]" if options else ""]).rstrip()
    yield from ("", f"## {path}", "", f"```text\n{usage}\n```", "", _plain(command.help))
    if arguments:
        yield from ("", "| argument | |", "|---|---|")
        yield from (f"| `{_argument(one)}` | {_plain(one.help)} |" for one in arguments)
    if options:
        yield from ("", "| option | | default |", "|---|---|---|")
        yield from (f"| {_names(one)} | {_plain(one.help)} | {_default(one)} |" for one in options)


def _argument(one: Any) -> str:
    name = one.name.upper() + ("..." if one.nargs == -1 else "")
    return name if one.required else f"[{name}]"


def _names(option: Any) -> str:
    value = "" if option.is_flag else " ..."
    return ", ".join(f"`{name}{value}`" for name in option.opts)


def _default(option: Any) -> str:
    return "" if option.is_flag or option.default in (None, ()) else f"`{option.default}`"


def _plain(text: str | None) -> str:
    return " ".join((text or "").split()).replace("|", "\\|").replace("<", "&lt;")
