"""A `Report` from what `report.json` holds: `Report.to_json` the other way round."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from typing import Any

import tinyprune
from tinyprune.errors import TinypruneError
from tinyprune.report.report import SCHEMA, Report


def saved_report(document: Mapping[str, Any]) -> Report:
    """The report that `document` was written from. TinypruneError where it is of another schema or lacks a field:
    another version wrote it."""
    try:
        if document["schema"] != SCHEMA:
            raise KeyError("schema")
        return typing.cast(Report, _value(Report, document))
    except (KeyError, TypeError) as error:
        raise TinypruneError(
            f"the report was written by tinyprune {document.get('tinyprune', 'of another version')}, "
            f"this is {tinyprune.__version__}: {error} is not as it should be",
            remedy="build again",
        ) from error


def _value(kind: Any, saved: Any) -> Any:
    """`saved`, which is made of dicts and lists, as a value of type `kind`, which is made of dataclasses and tuples."""
    if isinstance(kind, types.UnionType):
        return None if saved is None else _value(typing.get_args(kind)[0], saved)
    if typing.get_origin(kind) is tuple:
        return tuple(_value(typing.get_args(kind)[0], one) for one in saved)
    if dataclasses.is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        return typing.cast(Any, kind)(**{name: _value(hint, saved[name]) for name, hint in hints.items()})
    return saved
