"""A TOML table, read strictly: errors name the file, the key, and what is allowed there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import cast

from tinyprune.errors import TinypruneError


class Table:
    """A TOML table that hands out typed values, and refuses what is missing, mistyped or unknown."""

    def __init__(self, file: Path, prefix: str, values: Mapping[str, object]) -> None:
        self.file = file
        self.prefix = prefix
        self._left = dict(values)

    def error(self, key: str, expected: str) -> TinypruneError:
        return TinypruneError(f"{self.file}: key '{self.prefix}{key}' {expected}")

    def _take(self, key: str, kind: type, expected: str) -> object:
        if key not in self._left:
            raise self.error(key, f"is missing; it must be {expected}")
        value = self._left.pop(key)
        if not isinstance(value, kind) or isinstance(value, bool):
            raise self.error(key, f"is {value!r}; it must be {expected}")
        return value

    def text(self, key: str, allowed: tuple[str, ...] = ()) -> str:
        value = cast(str, self._take(key, str, "one of " + ", ".join(allowed) if allowed else "a text"))
        if allowed and value not in allowed:
            raise self.error(key, f"is '{value}'; it must be one of {', '.join(allowed)}")
        return value

    def number(self, key: str, least: int, most: int = 0xFFFF_FFFF) -> int:
        value = cast(int, self._take(key, int, f"a whole number from {least} to {most}"))
        if not least <= value <= most:
            raise self.error(key, f"is {value}; it must be a whole number from {least} to {most}")
        return value

    def table(self, key: str) -> Table:
        value = cast("dict[str, object]", self._take(key, dict, "a table"))
        return Table(self.file, f"{self.prefix}{key}.", value)

    def flag(self, key: str) -> bool:
        if not isinstance(self._left.get(key), bool):
            raise self.error(key, "must be true or false")
        return bool(self._left.pop(key))

    def tables(self, key: str) -> list[Table]:
        if key not in self._left:
            return []
        rows = cast("list[object]", self._take(key, list, "an array of tables"))
        if not all(isinstance(row, dict) for row in rows):
            raise self.error(key, "must be an array of tables")
        return [
            Table(self.file, f"{self.prefix}{key}[{i}].", cast("dict[str, object]", row)) for i, row in enumerate(rows)
        ]

    def keys(self) -> list[str]:
        return list(self._left)

    def done(self) -> None:
        for key in self._left:
            raise self.error(key, "is not known here")
