"""`Report`: the contract of `report.json` (docs/report.md). Sizes are bytes; None where nothing was measured."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tinyprune.passes.candidates import Cost
from tinyprune.passes.sram_steps import SramStep
from tinyprune.report.hardware import Hardware
from tinyprune.report.memory_plan import MemoryPlan

SCHEMA = 1


@dataclass(frozen=True)
class ModelInfo:
    path: str
    sha256: str


@dataclass(frozen=True)
class Options:
    """What was asked for; enough to make the same graph again from the `model.tflite` beside the report."""

    format: str
    objective: str
    max_flash: int | None
    max_sram: int | None
    max_cycles: int | None
    sparsity: float
    granularity: str
    pruning: str | None  # "iterative" or "one-shot" (before quantization), "one-shot-int8" (after it)


@dataclass(frozen=True)
class ToolchainInfo:
    name: str
    version: str
    flags: tuple[str, ...]


@dataclass(frozen=True)
class EmulatorInfo:
    name: str
    version: str
    counted_by: str


@dataclass(frozen=True)
class CycleModelInfo:
    """`name` is None where no cycles are claimed; `claim` then says why, else what they are worth."""

    name: str | None
    claim: str


@dataclass(frozen=True)
class Flash:
    """`weights` is every constant of the model: values, indices, biases, requantization, parameters."""

    total: int
    code: int
    weights: int
    other: int


@dataclass(frozen=True)
class Sram:
    """`stack` is what was used, painted and read back; None, and not in `total`, where nothing was emulated. `state` is
    what the model remembers between inferences."""

    total: int
    arena: int
    scratch: int
    stack: int | None
    state: int
    other: int


@dataclass(frozen=True)
class LayerReport:
    """`candidates` are the ways in which the layer could run, the chosen one among them, and what each was measured to
    take; where that is a plain kernel, `refused` are faster ones of the core, and why the layer cannot run in them."""

    name: str
    op: str
    format: str | None
    kernel: str | None
    strip_rows: int | None
    weights_in: str | None
    reason: str | None
    macs: int
    nonzeros: int
    sparsity: float | None
    weights_bytes: int
    scratch_bytes: int
    alive_bytes: int
    instructions: int | None
    core_cycles: int | None
    flash_stalls: int | None
    cycles: int | None
    candidates: tuple[Cost, ...]
    refused: Mapping[str, str]


@dataclass(frozen=True)
class CostRow:
    """What a function or a class of instructions takes; the rows of a table add up to the totals of the report."""

    name: str
    instructions: int
    core_cycles: int | None
    flash_stalls: int | None
    cycles: int | None


@dataclass(frozen=True)
class Report:
    """One build. `instructions`, `cycles` and those of `layers` cover one tp_invoke on the compiled-in input; `cycles`
    are `core_cycles`, what the core takes by itself, and `flash_stalls`, what it waits for the flash. `sram_steps` are
    what other budgets of SRAM would have bought."""

    schema: int
    tinyprune: str
    model: ModelInfo
    options: Options
    board: str
    toolchain: ToolchainInfo
    emulator: EmulatorInfo | None
    cycle_model: CycleModelInfo | None
    bit_exact: bool | None
    inputs_checked: int
    accuracy: float | None
    instructions: int | None
    core_cycles: int | None
    flash_stalls: int | None
    cycles: int | None
    flash: Flash
    sram: Sram
    hardware: Hardware
    layers: tuple[LayerReport, ...]
    memory_plan: MemoryPlan
    sram_steps: tuple[SramStep, ...]
    functions: tuple[CostRow, ...] | None
    classes: tuple[CostRow, ...] | None

    def to_json(self) -> str:
        return to_json(dataclasses.asdict(self))


def to_json(document: Mapping[str, Any]) -> str:
    """Stable JSON text with a final newline."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
