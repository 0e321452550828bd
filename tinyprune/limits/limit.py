"""A limit of one figure: `64K` by itself, `+2%` or `+512` beside a baseline."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from fractions import Fraction

from tinyprune.errors import TinypruneError

UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20}
COST = re.compile(r"(?P<sign>[+-]?)(?P<number>\d+(?:\.\d+)?)(?P<unit>[KM%]?)")
SHARE = re.compile(r"(?P<sign>-?)(?P<number>\d+(?:\.\d+)?)(?P<unit>%?)")


@dataclass(frozen=True)
class Limit:
    """The most a figure may be or, where `least`, the least: factor * (the baseline's) + offset, `text` as given."""

    text: str
    factor: Fraction
    offset: Fraction
    least: bool = False

    @property
    def relative(self) -> bool:
        return self.factor != 0

    def bound(self, before: float | None) -> float:
        """In the figure's own unit; `before`, the baseline's, is needed where the limit is relative."""
        if self.relative:
            assert before is not None
            value = self.factor * Fraction(str(before)) + self.offset
        else:
            value = self.offset
        return float(value) if self.least else math.floor(value)

    def allows(self, now: float, before: float | None) -> bool:
        bound = self.bound(before)
        return now >= bound if self.least else now <= bound


UNCHANGED = "+0"
NO_WORSE = Limit(UNCHANGED, Fraction(1), Fraction(0))
NO_LESS = Limit("-0", Fraction(1), Fraction(0), least=True)


def parse(text: str) -> Limit:
    """A limit of a cost: 65536, 64K or 1M; +512, +1K or +2% above the baseline, with - that much below it.

    Raises TinypruneError for anything else.
    """
    match = COST.fullmatch(text)
    if match is None or (match["unit"] == "%" and not match["sign"]) or ("." in text and match["unit"] == ""):
        raise TinypruneError(f"'{text}' is not a limit", remedy="give 65536 or 64K, or beside a baseline +512 or +2%")
    number = Fraction(match["number"]) * (-1 if match["sign"] == "-" else 1)
    if match["unit"] == "%":
        return Limit(text, 1 + number / 100, Fraction(0))
    return Limit(text, Fraction(1 if match["sign"] else 0), number * UNITS[match["unit"]])


def parse_accuracy(text: str) -> Limit:
    """The least accuracy: 97% or 0.97; -0.5% for as many points below the baseline's.

    Raises TinypruneError for anything else.
    """
    match = SHARE.fullmatch(text)
    number = Fraction(match["number"]) / (100 if match["unit"] else 1) if match else Fraction(2)
    if match is None or number > 1:
        raise TinypruneError(f"'{text}' is not an accuracy", remedy="give 97% or 0.97, or beside a baseline -0.5%")
    return Limit(text, Fraction(1 if match["sign"] else 0), -number if match["sign"] else number, least=True)
