"""C literals and declarations."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

WIDTH = 116  # of a line of numbers, indented by four
NULL = "0"  # a pointer to what a kernel does not read
HARD_SPACE = "\0"  # where a line must not break

C_TYPES = {kind: f"{kind}_t" for kind in ("int8", "uint8", "int16", "uint16", "int32", "uint32")}


def numbers(values: Iterable[object]) -> str:
    """Comma-separated literals, wrapped and indented."""
    return textwrap.indent(textwrap.fill(", ".join(map(str, values)), WIDTH), "    ")


def array(name: str, values: NDArray[np.generic], attribute: str = "TP_CONSTANT") -> str:
    """The definition of a constant array. An empty one gets one element, as C has no empty arrays."""
    flat = values.reshape(-1).tolist() or [0]
    kind = C_TYPES[values.dtype.name]
    return f"static const {kind} {name}[{len(flat)}] {attribute} = {{\n{numbers(flat)},\n}};"


def struct(kind: str, name: str, members: Iterable[tuple[str, object]]) -> str:
    """The definition of a constant structure with named members."""
    unbroken = ", ".join(f".{member}{HARD_SPACE}={HARD_SPACE}{value}" for member, value in members)
    body = textwrap.fill(unbroken, WIDTH).replace(HARD_SPACE, " ")
    return f"static const {kind} {name} TP_CONSTANT = {{\n{textwrap.indent(body, '    ')},\n}};"


def call(function: Sequence[str]) -> str:
    """A call of the function that comes first, with the arguments that follow."""
    name, *arguments = function
    return f"{name}({', '.join(arguments)});"


def comment(text: str) -> str:
    """`text`, fit to stand inside a C comment."""
    return text.replace("*/", "* /").replace("/*", "/ *").replace("\n", " ")


def string(text: str) -> str:
    """A C string literal of the printable ASCII in `text`; other characters become question marks."""
    shown = "".join(c if 32 <= ord(c) < 127 else "?" for c in text)
    return '"' + shown.replace("\\", "\\\\").replace('"', '\\"').replace("?", "\\?") + '"'
