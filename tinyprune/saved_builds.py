"""What a build directory holds beside its report: the model, the inputs that were checked, the image."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tinyprune import toolchain
from tinyprune.ir import Graph, Int8
from tinyprune.lowering import lower_as
from tinyprune.passes.candidates import Cost
from tinyprune.passes.sram_steps import SramStep
from tinyprune.report.report import Options
from tinyprune.source import import_pruned
from tinyprune.toolchain.elf import Elf


def imported(folder: Path, saved: Mapping[str, Any]) -> Graph:
    """The model as it came, before any pass; `saved` is the directory's report."""
    options = Options(**saved["options"])
    content = (folder / "model.tflite").read_bytes()
    name = Path(saved["model"]["path"]).stem
    return import_pruned(content, name, options.sparsity, options.granularity, options.pruning)


def lowered(folder: Path, saved: Mapping[str, Any]) -> Graph:
    """The graph that was built, with its formats, kernels and arena."""
    return lower_as(imported(folder, saved), saved["layers"])


def choices(saved: Mapping[str, Any]) -> tuple[dict[str, tuple[Cost, ...]], tuple[SramStep, ...]]:
    """The candidates by layer, and what SRAM buys, as they were measured for the build."""
    candidates = {layer["name"]: tuple(Cost(**one) for one in layer["candidates"]) for layer in saved["layers"]}
    return candidates, tuple(SramStep(**one) for one in saved["sram_steps"])


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
