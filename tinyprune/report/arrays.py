"""int8 arrays in .npy files."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tinyprune.errors import TinypruneError
from tinyprune.ir import Int8


def load(file: Path) -> Int8:
    try:
        return np.load(file, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise TinypruneError(f"cannot read {file}: {error}", remedy="it must be an int8 .npy file") from error


def save(file: Path, values: Int8) -> None:
    try:
        with file.open("wb") as stream:
            np.save(stream, values)
    except OSError as error:
        raise TinypruneError(f"cannot write {file}: {error.strerror}") from error
