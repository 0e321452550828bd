"""The ticks of a drawing's axes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Tick:
    """`at` in units of the drawing."""

    at: float
    text: str
