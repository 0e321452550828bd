"""Inputs and outputs in files: one int8 array in an .npy file, any number by name in an .npz file."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np

from tinyprune.errors import TinypruneError
from tinyprune.ir import Int8


def load(file: Path) -> Int8 | dict[str, Int8]:
    """What the file holds; that the arrays are int8 is for the reader to check."""
    try:
        content: Any = np.load(file, allow_pickle=False)
        if isinstance(content, np.ndarray):
            return cast("Int8", content)
        with content:
            arrays = dict(content)
        if not all(isinstance(array, np.ndarray) for array in arrays.values()):
            raise ValueError("it holds something other than arrays")
        return arrays
    except OSError as error:
        raise TinypruneError(f"cannot read {file}: {error.strerror or error}") from error
    except (ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:  # whose texts are for programmers
        raise TinypruneError(f"cannot read {file}: it is damaged, or no .npy or .npz file of plain arrays") from error


def save(file: Path, values: Mapping[str, Int8]) -> None:
    """An .npz file of all of `values`, by name, or under any other name an .npy file of the only one."""
    if file.suffix != ".npz" and len(values) != 1:
        raise TinypruneError(
            f"cannot write {len(values)} outputs ({', '.join(values)}) to {file}", remedy="name it FILE.npz"
        )
    try:
        with file.open("wb") as stream:
            if file.suffix == ".npz":
                _save_all(stream, values)
            else:
                np.save(stream, next(iter(values.values())))
    except OSError as error:
        raise TinypruneError(f"cannot write {file}: {error.strerror}") from error


def _save_all(stream: BinaryIO, values: Mapping[str, Int8]) -> None:
    """Not by numpy.savez, which would take an array named "file" for its own argument."""
    with zipfile.ZipFile(stream, "w") as archive:
        for name, array in values.items():
            with archive.open(f"{name}.npy", "w") as member:
                np.lib.format.write_array(member, array, allow_pickle=False)
