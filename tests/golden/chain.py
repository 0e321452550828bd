"""The chain of golden checks: tflite-micro == reference == kernels on the host == firmware in the emulator.

Each link returns, by layer name, how many values differ; nothing where all are equal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from host import run_host
from tflm import run_many

from tinyprune import board as boards
from tinyprune import emulators, reference, toolchain
from tinyprune.frontend.tflite_import import import_tflite
from tinyprune.ir import Graph, Int8
from tinyprune.passes.verify import verify
from tinyprune.pipeline import Target, compile_graph, lower

BOARD, EMULATOR = "stm32f4", "unicorn"
OUTPUT = "output"  # what stands for the model's output among the layers

Wrong = dict[str, int]


@dataclass(frozen=True, eq=False)
class Subject:
    """A `.tflite` file, its graph, and inputs (n, ...) to run it on."""

    content: bytes
    graph: Graph
    inputs: Int8


def imported(content: bytes, name: str) -> Graph:
    return verify(import_tflite(content, name))


def tflm_against_reference(subject: Subject) -> Wrong:
    (wrong,) = all_against_tflm([subject])
    return wrong


def all_against_tflm(subjects: Sequence[Subject]) -> list[Wrong]:
    """`tflm_against_reference` of each, with one start of the interpreter's process."""
    results = run_many([(subject.content, subject.inputs) for subject in subjects])
    return [compared_by_index(subject, values) for subject, values in zip(subjects, results, strict=True)]


def compared_by_index(subject: Subject, by_index: Mapping[int, Int8]) -> Wrong:
    golden = {layer.name: by_index[int(layer.output.split(":")[0])] for layer in subject.graph.layers}
    return wrong_layers(subject.graph, subject.inputs, golden)


def host_against_reference(subject: Subject, format_name: str) -> Wrong:
    graph = lower(subject.graph, format_name)
    run = run_host(graph, subject.inputs)
    return wrong_layers(graph, subject.inputs, run.layers) | wrong_output(subject, run.output)


def firmware_against_reference(subject: Subject, format_name: str, toolchain_name: str, folder: Path) -> Wrong:
    """Raises ToolMissingError where there is no such toolchain."""
    on = Target(boards.load(BOARD), toolchain.find(toolchain_name), EMULATOR)
    graph = lower(subject.graph, format_name)
    run = emulators.run(EMULATOR, compile_graph(graph, subject.inputs[0], on, folder), on.board, subject.inputs)
    return wrong_layers(graph, subject.inputs, run.layer_outputs) | wrong_output(subject, run.outputs)


def wrong_layers(graph: Graph, inputs: Int8, layers: Mapping[str, Int8]) -> Wrong:
    values = reference.run(graph, inputs)
    expected = {layer.name: values[layer.output] for layer in graph.layers}
    return {name: count for name, value in expected.items() if (count := differing(value, layers[name]))}


def wrong_output(subject: Subject, output: Int8) -> Wrong:
    """Against the graph as it was imported: what lowering does to it must not show."""
    count = differing(reference.output(subject.graph, subject.inputs), output)
    return {OUTPUT: count} if count else {}


def differing(expected: Int8, actual: Int8) -> int:
    return int(np.count_nonzero(expected.reshape(-1) != actual.reshape(-1)))
