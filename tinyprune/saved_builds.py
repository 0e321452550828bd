"""What a build directory holds beside its report: the model, the inputs that were checked, the image."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tinyprune import toolchain
from tinyprune.ir import Graph, Int8
from tinyprune.report.report import Options
from tinyprune.source import import_pruned
from tinyprune.toolchain.elf import Elf


def imported(folder: Path, saved: Mapping[str, Any]) -> Graph:
    """The model as it came, before any pass; `saved` is the directory's report."""
    options = Options(**saved["options"])
    content = (folder / "model.tflite").read_bytes()
    return import_pruned(content, Path(saved["model"]["path"]).stem, options.sparsity, options.pruning)


def elf(folder: Path, saved: Mapping[str, Any]) -> Elf:
    tools = saved["toolchain"]
    return toolchain.read_elf(
        folder / "firmware.elf",
        toolchain=tools["name"],
        toolchain_version=tools["version"],
        flags=tuple(tools["flags"]),
    )


def checked_inputs(folder: Path) -> Int8:
    """(n, ...); the first is compiled into the firmware."""
    return np.load(folder / "inputs.npy", allow_pickle=False)
