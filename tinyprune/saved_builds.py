"""What a build directory holds beside its report: the model, the inputs that were checked, the image."""

from __future__ import annotations

import dataclasses
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from elftools.common.exceptions import ELFError

from tinyprune import toolchain
from tinyprune.directory import read_report
from tinyprune.errors import TinypruneError
from tinyprune.ir import Graph, Int8
from tinyprune.lowering import lower_as
from tinyprune.passes.candidates import Cost
from tinyprune.passes.sram_steps import SramStep
from tinyprune.report.report import Options
from tinyprune.report.saved import saved_report
from tinyprune.source import import_pruned
from tinyprune.toolchain.elf import Elf


def report(folder: Path) -> dict[str, Any]:
    """What its `report.json` holds, every field of it. TinypruneError where another version wrote it."""
    return dataclasses.asdict(saved_report(read_report(folder)))


def imported(folder: Path, saved: Mapping[str, Any]) -> Graph:
    """The model as it came, before any pass; `saved` is the directory's report."""
    options = Options(**saved["options"])
    with _reading(folder / "model.tflite") as file:
        content = file.read_bytes()
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
    with _reading(folder / "firmware.elf") as file:
        return toolchain.read_elf(
            file, toolchain=tools["name"], toolchain_version=tools["version"], flags=tuple(tools["flags"])
        )


def checked_inputs(folder: Path) -> Int8:
    """(n, ...); the first is compiled into the firmware."""
    with _reading(folder / "inputs.npy") as file:
        return np.load(file, allow_pickle=False)


@contextmanager
def _reading(file: Path) -> Generator[Path]:
    """Raises TinypruneError where `file` is missing or damaged."""
    try:
        yield file
    except (OSError, ValueError, EOFError, ELFError) as error:
        reason = getattr(error, "strerror", None) or error
        raise TinypruneError(f"cannot read {file}: {reason}", remedy="the build is not whole: build again") from error
