"""The interpreters that others wrote: each in a subprocess, as they may crash."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tinyprune.ir import Int8

Array = NDArray[np.int8] | NDArray[np.float32]

TIMEOUT_S = 600
LAST_WORDS = 300  # characters of what a crashed one wrote


@dataclass(frozen=True)
class Interpreter:
    """`exact`: whether its bits are the ones that we promise."""

    name: str
    exact: bool

    @property
    def version(self) -> str | None:
        """None where it is not installed."""
        try:
            return importlib.metadata.version(self.name)
        except importlib.metadata.PackageNotFoundError:
            return None


INTERPRETERS = (Interpreter("tflite-micro", exact=True), Interpreter("ai-edge-litert", exact=False))


class InterpreterFailure(Exception):
    """It crashed, refused the model, or took too long; the message says which, in one line."""


def run(name: str, content: bytes, inputs: Sequence[Array], indices: Sequence[int]) -> dict[int, Int8]:
    """The tensors `indices` of the `.tflite` file `content`, each (n, ...), for its `inputs`, each (n, ...).

    Raises InterpreterFailure.
    """
    with tempfile.TemporaryDirectory() as folder:
        model, given, result = (Path(folder) / file for file in ("model.tflite", "given.npz", "result.npz"))
        model.write_bytes(content)
        np.savez(given, np.array(indices, np.int64), *inputs)
        command = [sys.executable, str(Path(__file__).with_name("process.py")), name, *map(str, (model, given, result))]
        try:
            process = subprocess.run(command, capture_output=True, text=True, check=False, timeout=TIMEOUT_S)
        except subprocess.TimeoutExpired:
            raise InterpreterFailure(f"it took more than {TIMEOUT_S} s") from None
        if process.returncode:
            words = " ".join(process.stderr.split())[-LAST_WORDS:]
            raise InterpreterFailure(f"exit code {process.returncode}: {words}")
        with np.load(result) as arrays:
            return {int(index): arrays[index] for index in arrays.files}
