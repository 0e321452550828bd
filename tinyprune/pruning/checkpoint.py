"""Where a run of pruning stands, in a file that is whole or not there."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinyprune.errors import TinypruneError
from tinyprune.pruning.groups import BoolArray
from tinyprune.pruning.samples import Samples

Arrays = dict[str, NDArray[Any]]
META = "meta"
KEPT = "kept:"


@dataclass(frozen=True, eq=False)
class State:
    """After `epoch` epochs of step `step` (from 0): the units kept, by group, and the finished steps' history."""

    step: int
    epoch: int
    loss: float | None
    kept: dict[str, BoolArray]
    history: list[dict[str, float]]
    tuning: Arrays


@dataclass(frozen=True)
class Checkpoint:
    """A file, and what a run must have in common with it to go on from it, by what that is called in messages."""

    path: Path
    call: dict[str, str]

    def save(self, state: State) -> None:
        """Writes `state` beside the file and renames it, so that a kill leaves the old one or the new one.

        Raises TinypruneError where that cannot be.
        """
        meta = {"step": state.step, "epoch": state.epoch, "loss": state.loss, "history": state.history}
        kept = {f"{KEPT}{name}": value for name, value in state.kept.items()}
        arrays: dict[str, Any] = {META: np.array(json.dumps({**meta, "call": self.call})), **kept, **state.tuning}
        beside = self.path.with_name(f"{self.path.name}.part")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with beside.open("wb") as file:
                np.savez(file, **arrays)
            beside.replace(self.path)
        except OSError as error:
            raise TinypruneError(
                f"cannot write the checkpoint {self.path}: {error.strerror}", remedy="give another file, or none"
            ) from error

    def load(self) -> State | None:
        """The state in the file; None if there is no such file. Raises TinypruneError for one of another call."""
        if not self.path.exists():
            return None
        try:
            with np.load(self.path, allow_pickle=False) as file:
                arrays: Arrays = dict(file)
            meta = json.loads(str(arrays.pop(META)))
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise TinypruneError(f"{self.path} is not a checkpoint: {error}", remedy="give another file") from error
        others = [name for name in self.call if meta["call"].get(name) != self.call[name]]
        if others:
            raise TinypruneError(
                f"checkpoint {self.path} is of another call: {', '.join(others)} differ",
                remedy="delete it to start anew, or give another file",
            )
        kept = {name.removeprefix(KEPT): arrays.pop(name) for name in list(arrays) if name.startswith(KEPT)}
        return State(meta["step"], meta["epoch"], meta["loss"], kept, meta["history"], arrays)


def call_of(options: Mapping[str, object], weights: Mapping[str, NDArray[Any]], data: Samples | None) -> dict[str, str]:
    """What tells a call from others: its options as text, the digests of its arrays."""
    samples = (data.x_train, data.y_train) if data else ()
    arrays = {"weights": list(weights.values()), "training data": [array for array in samples if array is not None]}
    return {
        **{name: repr(value) for name, value in options.items()},
        **{name: _digest(values) for name, values in arrays.items()},
    }


def _digest(arrays: list[NDArray[Any]]) -> str:
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.dtype}{array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()
