"""Errors that a user can cause. Anything else that is raised is a bug and keeps its traceback."""

import difflib
from collections.abc import Iterable


class TinypruneError(Exception):
    """Names the thing that is wrong and, in `remedy`, what to do about it. Caught once, in `cli.py` (exit code 2)."""

    def __init__(self, what: str, *, remedy: str = "") -> None:
        super().__init__(f"{what}\n{remedy}" if remedy else what)
        self.what = what
        self.remedy = remedy


class BudgetError(TinypruneError):
    """The model does not fit the board's flash or SRAM."""


class ToolMissingError(TinypruneError):
    """A compiler, emulator or flasher that was asked for is not installed."""


class UnsupportedModelError(TinypruneError):
    """The model is well formed, but uses something that tinyprune does not implement."""


def unknown_name(kind: str, name: str, known: Iterable[str]) -> TinypruneError:
    """The error for a name that is not in a registry: the nearest known names first, then all of them."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.4)
    hint = f"did you mean {' or '.join(near)}? " if near else ""
    return TinypruneError(f"unknown {kind} '{name}'", remedy=f"{hint}known: {', '.join(names)}")
