"""The composition of the rooms, and the Python API: `build`, `compare`, `run`."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import tinyprune
from tinyprune import board as boards
from tinyprune import edges, emulators, kernels, reference, saved_builds, toolchain, tuning
from tinyprune.board import ALL_FEATURES, Board
from tinyprune.codegen.firmware import firmware_files
from tinyprune.codegen.model import model_files, sample_input_files
from tinyprune.codegen.renode import renode_files
from tinyprune.directory import COMPARISON, REPORT, new_directory, read_report
from tinyprune.emulators import EMULATORS
from tinyprune.errors import unknown_name
from tinyprune.formats import FORMATS
from tinyprune.frontend.dataset import Dataset, load_dataset
from tinyprune.ir import Graph, Int8, states
from tinyprune.passes.choose_formats import choose_formats, force_format
from tinyprune.passes.choose_kernels import choose_kernels
from tinyprune.passes.plan_memory import plan_memory
from tinyprune.passes.simplify import simplify
from tinyprune.passes.verify import verify
from tinyprune.report import analysis, report
from tinyprune.report.measure import Expected, measure
from tinyprune.report.report import Report
from tinyprune.source import ONE_SHOT_INT8, Say, Source, accuracy, checked_inputs, prepare, samples
from tinyprune.toolchain import Toolchain
from tinyprune.toolchain.elf import Elf
from tinyprune.validation import validation
from tinyprune.validation.validation import Validation

INPUTS_CHECKED = 3
SEED = 0
NO_EMULATOR = "none"


def _silent(text: str, *, transient: bool = False) -> None:
    pass


@dataclass(frozen=True)
class Target:
    """Where and with what a graph is built and run."""

    board: Board
    toolchain: Toolchain
    emulator: str


def target(board: str, toolchain_name: str | None = None, emulator: str = "unicorn") -> Target:
    """Finds the board, the compiler and the emulator by name; a TinypruneError says what is missing."""
    if emulator not in (*EMULATORS, NO_EMULATOR):
        raise unknown_name("emulator", emulator, [*EMULATORS, NO_EMULATOR])
    if emulator != NO_EMULATOR:
        emulators.find(emulator)
    return Target(boards.load(board), toolchain.find(toolchain_name), emulator)


def build(
    model: str | Path,
    board: str,
    *,
    data: str | None = None,
    sparsity: float = 0.0,
    format: str = "auto",
    toolchain: str | None = None,
    emulator: str = "unicorn",
    output: str | Path,
    say: Say = _silent,
) -> Report:
    """Builds the firmware of `model` for `board` into the directory `output`, runs it, and reports.

    Raises TinypruneError for anything the caller can put right; `output` is then not written.
    """
    on = target(board, toolchain, emulator)
    check_format(format)
    with new_directory(Path(output)) as folder:
        source = prepare(Path(model), data, sparsity, say)
        return build_variant(source, format, on, folder, accuracy(source.graph, source.dataset), say)


def compare(
    model: str | Path,
    board: str,
    *,
    data: str | None = None,
    sparsity: float = 0.0,
    toolchain: str | None = None,
    emulator: str = "unicorn",
    output: str | Path,
    say: Say = _silent,
) -> dict[str, Any]:
    """Builds the same weights dense and sparse, one subdirectory each, and sets them side by side.

    Returns what `comparison.json` holds: the variants, the ratios of each to the first, and the accuracy of the model
    as it came, before pruning.
    """
    on = target(board, toolchain, emulator)
    with new_directory(Path(output)) as folder:
        source = prepare(Path(model), data, sparsity, say)
        score = accuracy(source.graph, source.dataset)
        reports = {name: build_variant(source, name, on, folder / name, score, say) for name in ("dense", "csr")}
        unpruned = score
        if sparsity and score is not None:
            say("the same model without pruning, for its accuracy")
            original = prepare(Path(model), data, 0.0, _silent)
            unpruned = accuracy(original.graph, original.dataset)
        document = comparison(reports, unpruned)
        (folder / COMPARISON).write_text(report.to_json(document), encoding="utf-8")
        return document


def analyze(
    model: str | Path, board: str | None = None, *, data: str | None = None, say: Say = _silent
) -> analysis.Analysis:
    """What `model` is and takes, layer by layer, and whether it can fit `board`; nothing is compiled."""
    on = boards.load(board) if board else None
    source = prepare(Path(model), data, 0.0, say)
    info = report.ModelInfo(source.path, source.sha256)
    graph = lower(source.graph, "auto", on.features if on else ALL_FEATURES)
    return analysis.analyse(graph, source.graph, tuning.flash_costs(graph), info, on)


def comparison(reports: Mapping[str, Report], unpruned_accuracy: float | None) -> dict[str, Any]:
    variants = {name: dataclasses.asdict(one) for name, one in reports.items()}
    first = next(iter(variants.values()))
    return {
        "schema": report.SCHEMA,
        "tinyprune": tinyprune.__version__,
        "unpruned_accuracy": unpruned_accuracy,
        "variants": [{"name": name, "report": one} for name, one in variants.items()],
        "ratios": {name: _ratios(one, first) for name, one in variants.items()},
    }


def _ratios(one: Mapping[str, Any], first: Mapping[str, Any]) -> dict[str, float | None]:
    """Each figure of `one` over that of `first`: below 1 is less."""

    def ratio(a: float | None, b: float | None) -> float | None:
        return round(a / b, 4) if a is not None and b else None

    figures = {key: ratio(one[key], first[key]) for key in ("instructions", "cycles")}
    totals = {key: ratio(one[key]["total"], first[key]["total"]) for key in ("flash", "sram")}
    return figures | totals | {"flash_weights": ratio(one["flash"]["weights"], first["flash"]["weights"])}


def check_format(name: str) -> None:
    if name not in ("auto", *FORMATS):
        raise unknown_name("format", name, ["auto", *FORMATS])


def lower(graph: Graph, format_name: str, features: frozenset[str] = ALL_FEATURES) -> Graph:
    """`graph` simplified, its formats and kernels chosen for a core with `features`, its memory planned: ready for
    code, and with the same output."""
    small = simplify(graph)
    chosen = (
        choose_formats(small, tuning.flash_costs(small)) if format_name == "auto" else force_format(small, format_name)
    )
    return verify(plan_memory(verify(choose_kernels(chosen, features))))


def build_variant(source: Source, format_name: str, on: Target, folder: Path, score: float | None, say: Say) -> Report:
    """Generates, compiles, runs and reports one graph in `folder`."""
    graph = lower(source.graph, format_name, on.board.features)
    inputs = checked_inputs(graph, source.dataset, INPUTS_CHECKED, SEED)
    say(f"{format_name}: compiling with {on.toolchain.name} {on.toolchain.version}")
    elf = compile_graph(graph, inputs[0], on, folder)
    (folder / "model.tflite").write_bytes(source.tflite)
    np.save(folder / "inputs.npy", inputs)
    info = report.ModelInfo(source.path, source.sha256)
    options = report.Options(format_name, source.sparsity, source.pruning)
    result, _ = _emulate(source.graph, graph, on.board, elf, on.emulator, inputs, info, options, score, say)
    (folder / REPORT).write_text(result.to_json(), encoding="utf-8")
    return result


def compile_graph(graph: Graph, sample: Int8, on: Target, folder: Path) -> Elf:
    """The firmware image of `graph` with `sample` compiled in, built in `folder`."""
    assert graph.arena is not None
    files = {
        **firmware_files(
            on.board,
            arena_bytes=graph.arena.bytes + sum(state.bytes for state in states(graph)),
            resident_bytes=kernels.resident_bytes(graph),
        ),
        **model_files(graph, tinyprune.__version__),
        **sample_input_files(graph, sample),
        **renode_files(on.board, graph, sample),
        f"{on.board.name}.toml": on.board.toml,
    }
    return toolchain.build(files, on.board, on.toolchain, folder)


def _emulate(
    original: Graph,
    graph: Graph,
    board: Board,
    elf: Elf,
    emulator: str,
    inputs: Int8,
    info: report.ModelInfo,
    options: report.Options,
    score: float | None,
    say: Say,
) -> tuple[Report, Int8 | None]:
    """The report, and the outputs for `inputs` where something was emulated.

    `graph` is what was built; its output must be that of the model as it came, `original`.
    """
    if emulator == NO_EMULATOR:
        return measure(graph, board, elf, None, None, info, options, score), None
    say(f"{options.format}: {len(inputs)} inferences in {emulator}")
    run = emulators.run(emulator, elf, board, inputs)
    expected = Expected(reference.run(graph, inputs), reference.output(original, inputs))
    return measure(graph, board, elf, run, expected, info, options, score), run.outputs


def run(
    directory: str | Path,
    *,
    inputs: Int8 | Mapping[str, Int8] | None = None,
    emulator: str = "unicorn",
    say: Say = _silent,
) -> tuple[Report, dict[str, Int8]]:
    """Emulates the firmware in a build directory anew, on `inputs` (n, ...) or those it was checked with.

    A model of several inputs takes an array for each, by the name of its tensor (or arr_0, arr_1, ..., in order).
    Returns the report and the outputs (n, ...) by the names of their tensors. The figures are always those of the input
    that is compiled in.
    """
    emulators.find(emulator)
    folder = Path(directory)
    saved = read_report(folder)
    options = report.Options(**saved["options"])
    original = saved_builds.imported(folder, saved)
    board = boards.load_file(folder / f"{saved['board']}.toml")
    graph = lower(original, options.format, board.features)
    checked, elf = saved_builds.checked_inputs(folder), saved_builds.elf(folder, saved)
    given = checked[1:] if inputs is None else edges.gathered(graph, inputs)
    info = report.ModelInfo(**saved["model"])
    every = np.concatenate([checked[:1], given])
    result, outputs = _emulate(original, graph, board, elf, emulator, every, info, options, saved["accuracy"], say)
    assert outputs is not None
    return result, edges.named(graph, graph.outputs, outputs if inputs is None else outputs[1:])


def validate(
    model: str | Path, board: str | None = None, *, data: str | None = None, inputs: int = 10, say: Say = _silent
) -> Validation:
    """The reference against tflite-micro and ai-edge-litert, where they are installed, and against the firmware.

    `model` is a model file or a build directory; for a file the firmware is built where a `board` is given.
    """
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(model)
        if not folder.is_dir():
            if board is None:
                source = prepare(folder, data, 0.0, say)
                taken = samples(source.graph, source.dataset, inputs, SEED)
                say("running the interpreters")
                info = report.ModelInfo(source.path, source.sha256)
                return validation.validate(source.graph, source.tflite, None, taken, info)
            folder = Path(temporary) / "build"
            build(model, board, data=data, emulator=NO_EMULATOR, output=folder, say=say)
        return _validate_build(folder, load_dataset(data) if data else None, inputs, say)


def _validate_build(folder: Path, dataset: Dataset | None, count: int, say: Say) -> Validation:
    saved = read_report(folder)
    graph = saved_builds.imported(folder, saved)
    board = boards.load_file(folder / f"{saved['board']}.toml")
    lowered = lower(graph, saved["options"]["format"], board.features)
    firmware = validation.Firmware(
        lowered,
        saved_builds.elf(folder, saved),
        board,
        saved_builds.checked_inputs(folder)[:1],
        "unicorn",
    )
    unchanged = saved["options"]["pruning"] != ONE_SHOT_INT8
    content = (folder / "model.tflite").read_bytes() if unchanged else None
    say("running the firmware and the interpreters")
    taken = samples(graph, dataset, count, SEED)
    return validation.validate(graph, content, firmware, taken, report.ModelInfo(**saved["model"]))
