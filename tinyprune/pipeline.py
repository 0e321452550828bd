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
from tinyprune import edges, emulated, emulators, reference, saved_builds, toolchain
from tinyprune.board import ALL_FEATURES, Board
from tinyprune.codegen.image import image_files
from tinyprune.codegen.renode import renode_files
from tinyprune.directory import COMPARISON, COMPARISON_PAGE, REPORT, REPORT_PAGE, new_directory
from tinyprune.emulators import EMULATORS
from tinyprune.errors import unknown_name
from tinyprune.frontend.dataset import Dataset, load_dataset
from tinyprune.ir import Graph, Int8
from tinyprune.lowering import Chooser, estimated, exceeded, lower
from tinyprune.passes.choose import Goal
from tinyprune.passes.sram_steps import sram_steps
from tinyprune.profiling import viewers
from tinyprune.profiling.profile import Profile, priced
from tinyprune.profiling.profiling import profile
from tinyprune.report import analysis, html, report
from tinyprune.report.comparison import comparison
from tinyprune.report.measure import Described, Expected, measure
from tinyprune.report.patterns import patterns
from tinyprune.report.report import Report
from tinyprune.source import ONE_SHOT_INT8, Say, Source, accuracy, checked_inputs, prepare, samples
from tinyprune.toolchain import Toolchain
from tinyprune.toolchain.elf import Elf
from tinyprune.validation import validation
from tinyprune.validation.validation import Validation

__all__ = ["analyze", "build", "compare", "lower", "profile", "run", "validate"]

INPUTS_CHECKED = 3
ATTEMPTS = 4  # to get within budgets
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


def target(board: str, toolchain_name: str | None = None, emulator: str | None = None) -> Target:
    """Finds board, compiler and emulator by name; by default the first ones. A TinypruneError says what is missing."""
    if emulator not in (*EMULATORS, NO_EMULATOR, None):
        raise unknown_name("emulator", emulator, [*EMULATORS, NO_EMULATOR])
    on = boards.load(board)
    named = NO_EMULATOR if emulator == NO_EMULATOR else emulators.find(emulated.able(on, emulator)).name
    return Target(on, toolchain.find(toolchain_name), named)


def build(
    model: str | Path,
    board: str,
    *,
    data: str | None = None,
    sparsity: float = 0.0,
    granularity: str = "element",
    format: str = "auto",
    objective: str = "cycles",
    max_flash: int | None = None,
    max_sram: int | None = None,
    max_cycles: int | None = None,
    toolchain: str | None = None,
    emulator: str | None = None,
    output: str | Path,
    say: Say = _silent,
) -> Report:
    """Builds the firmware of `model` for `board` into the directory `output`, runs it, and reports.

    Of each layer's formats and kernels those are taken that make `objective` (cycles, flash or sram) the least, within
    the budgets: bytes of flash and SRAM, those of the board at most, and cycles of an inference.
    Raises TinypruneError for anything the caller can put right; `output` is then not written.
    """
    on = target(board, toolchain, emulator)
    goal = Goal(objective, format, max_flash, max_sram, max_cycles)
    with new_directory(Path(output)) as folder:
        source = prepare(Path(model), data, sparsity, granularity, say)
        return build_variant(source, goal, on, folder, accuracy(source.graph, source.dataset), say)


def compare(
    model: str | Path,
    board: str,
    *,
    data: str | None = None,
    sparsity: float = 0.0,
    granularity: str = "element",
    objective: str = "cycles",
    max_flash: int | None = None,
    max_sram: int | None = None,
    max_cycles: int | None = None,
    toolchain: str | None = None,
    emulator: str | None = None,
    output: str | Path,
    say: Say = _silent,
) -> dict[str, Any]:
    """Builds the same weights all dense, and as `build` chooses, one subdirectory each, and sets them side by side.

    The budgets are for the latter.
    Returns what `comparison.json` holds: the variants, the ratios of each to the first, and the accuracy of the model
    as it came, before pruning.
    """
    on = target(board, toolchain, emulator)
    goals = [Goal(objective, "dense"), Goal(objective, "auto", max_flash, max_sram, max_cycles)]
    with new_directory(Path(output)) as folder:
        source = prepare(Path(model), data, sparsity, granularity, say)
        score = accuracy(source.graph, source.dataset)
        reports = {goal.format: build_variant(source, goal, on, folder / goal.format, score, say) for goal in goals}
        unpruned = score
        if sparsity and score is not None:
            say("the same model without pruning, for its accuracy")
            original = prepare(Path(model), data, 0.0, "element", _silent)
            unpruned = accuracy(original.graph, original.dataset)
        document = comparison(reports, unpruned)
        (folder / COMPARISON).write_text(report.to_json(document), encoding="utf-8")
        (folder / COMPARISON_PAGE).write_text(html.comparison_page(document), encoding="utf-8")
        return document


def analyze(
    model: str | Path, board: str | None = None, *, data: str | None = None, say: Say = _silent
) -> analysis.Analysis:
    """What `model` is and takes, layer by layer, and whether it can fit `board`; nothing is compiled."""
    on = boards.load(board) if board else None
    source = prepare(Path(model), data, 0.0, "element", say)
    info = report.ModelInfo(source.path, source.sha256)
    graph, costs = estimated(source.graph, "auto", on.features if on else ALL_FEATURES)
    return analysis.analyse(graph, source.graph, costs, info, on)


def build_variant(source: Source, goal: Goal, on: Target, folder: Path, score: float | None, say: Say) -> Report:
    """Chooses, generates, compiles, runs and reports one graph in `folder`; again with less where that is above a
    budget, for costs are measured layer by layer, and a firmware may take a little more than their sum."""
    inputs = checked_inputs(source.graph, source.dataset, INPUTS_CHECKED, SEED)
    emulated = on.emulator != NO_EMULATOR
    chooser = Chooser.of(source.graph, inputs[0], on.board, on.toolchain, emulated, goal, say)
    aim, attempts = goal, 0
    while True:
        result = _build_once(source, chooser.choice(aim), inputs, chooser, on, folder, score, say)
        corrected, attempts = chooser.corrected(aim, result), attempts + 1
        if corrected is None:
            return result
        if attempts == ATTEMPTS:
            raise exceeded(goal, result)
        aim = corrected


def _build_once(
    source: Source,
    graph: Graph,
    inputs: Int8,
    chooser: Chooser,
    on: Target,
    folder: Path,
    score: float | None,
    say: Say,
) -> Report:
    goal = chooser.goal
    say(f"{goal.format}: compiling with {on.toolchain.name} {on.toolchain.version}")
    elf = compile_graph(graph, inputs[0], on, folder)
    (folder / "model.tflite").write_bytes(source.tflite)
    np.save(folder / "inputs.npy", inputs)
    info = report.ModelInfo(source.path, source.sha256)
    options = report.Options(
        format=goal.format,
        objective=goal.objective,
        max_flash=goal.flash,
        max_sram=goal.sram,
        max_cycles=goal.cycles,
        sparsity=source.sparsity,
        granularity=source.granularity,
        pruning=source.pruning,
    )
    described = Described(info, options, score, chooser.costs.of, sram_steps(chooser.small, chooser.costs, goal))
    result, spent, _ = _emulate(source.graph, graph, on.board, elf, on.emulator, inputs, described, say)
    if spent:
        viewers.write(spent, folder)
    (folder / REPORT).write_text(result.to_json(), encoding="utf-8")
    page = html.report_page(dataclasses.asdict(result), patterns(graph))
    (folder / REPORT_PAGE).write_text(page, encoding="utf-8")
    return result


def compile_graph(graph: Graph, sample: Int8, on: Target, folder: Path) -> Elf:
    """The firmware image of `graph` with `sample` compiled in, built in `folder`."""
    files = image_files(graph, on.board, sample, tinyprune.__version__) | renode_files(on.board, graph, sample)
    return toolchain.build(files, on.board, on.toolchain, folder)


def _emulate(
    original: Graph,
    graph: Graph,
    board: Board,
    elf: Elf,
    emulator: str,
    inputs: Int8,
    described: Described,
    say: Say,
) -> tuple[Report, Profile | None, Int8 | None]:
    """The report, and the profile and the outputs for `inputs` where something was emulated.

    `graph` is what was built; its output must be that of the model as it came, `original`.
    """
    if emulator == NO_EMULATOR:
        return measure(graph, board, elf, None, None, None, described), None, None
    say(f"{described.options.format}: {len(inputs)} inferences in {emulator}")
    run = emulators.run(emulator, elf, board, inputs)
    expected = Expected(reference.run(graph, inputs), reference.output(original, inputs))
    spent = priced(elf, board, run)
    return measure(graph, board, elf, run, spent, expected, described), spent, run.outputs


def run(
    directory: str | Path,
    *,
    inputs: Int8 | Mapping[str, Int8] | None = None,
    emulator: str | None = None,
    say: Say = _silent,
) -> tuple[Report, dict[str, Int8]]:
    """Emulates the firmware in a build directory anew, on `inputs` (n, ...) or those it was checked with.

    A model of several inputs takes an array for each, by the name of its tensor (or arr_0, arr_1, ..., in order).
    Returns the report and the outputs (n, ...) by the names of their tensors. The figures are always those of the input
    that is compiled in.
    """
    folder = Path(directory)
    saved = saved_builds.report(folder)
    board = boards.load_file(folder / f"{saved['board']}.toml")
    emulator = emulators.find(emulator or emulated.able(board)).name
    options = report.Options(**saved["options"])
    original = saved_builds.imported(folder, saved)
    graph = saved_builds.lowered(folder, saved)
    checked, elf = saved_builds.checked_inputs(folder), saved_builds.elf(folder, saved)
    given = checked[1:] if inputs is None else edges.gathered(graph, inputs)
    info = report.ModelInfo(**saved["model"])
    described = Described(info, options, saved["accuracy"], *saved_builds.choices(saved))
    every = np.concatenate([checked[:1], given])
    result, _, outputs = _emulate(original, graph, board, elf, emulator, every, described, say)
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
                source = prepare(folder, data, 0.0, "element", say)
                taken = samples(source.graph, source.dataset, inputs, SEED)
                say("running the interpreters")
                info = report.ModelInfo(source.path, source.sha256)
                return validation.validate(source.graph, source.tflite, None, taken, info)
            folder = Path(temporary) / "build"
            build(model, board, data=data, emulator=NO_EMULATOR, output=folder, say=say)
        return _validate_build(folder, load_dataset(data) if data else None, inputs, say)


def _validate_build(folder: Path, dataset: Dataset | None, count: int, say: Say) -> Validation:
    saved = saved_builds.report(folder)
    graph = saved_builds.imported(folder, saved)
    board = boards.load_file(folder / f"{saved['board']}.toml")
    firmware = validation.Firmware(
        saved_builds.lowered(folder, saved),
        saved_builds.elf(folder, saved),
        board,
        saved_builds.checked_inputs(folder)[:1],
        emulated.able(board),
    )
    unchanged = saved["options"]["pruning"] != ONE_SHOT_INT8
    content = (folder / "model.tflite").read_bytes() if unchanged else None
    say("running the firmware and the interpreters")
    taken = samples(graph, dataset, count, SEED)
    return validation.validate(graph, content, firmware, taken, report.ModelInfo(**saved["model"]))
