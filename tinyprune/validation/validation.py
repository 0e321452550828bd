"""What differs, layer by layer, between the reference and another that computes the same model."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

import tinyprune
from tinyprune import edges, emulators, ir, reference
from tinyprune.board import Board
from tinyprune.ir import Graph, Int8, Tensor
from tinyprune.report.report import SCHEMA, ModelInfo, to_json
from tinyprune.source import Samples, share_right
from tinyprune.tensors import Int16
from tinyprune.toolchain.elf import Elf
from tinyprune.validation import interpreters
from tinyprune.validation.interpreters import Interpreter, InterpreterFailure

COMPARED, ABSENT, FAILED, LEFT_OUT = "compared", "absent", "failed", "left out"
FIRMWARE = "firmware"


@dataclass(frozen=True)
class LayerDifference:
    """Over all inputs: how many of the layer's output elements differ, and by how much at most."""

    name: str
    op: str
    elements: int
    differing: int
    max_difference: int


@dataclass(frozen=True)
class Comparison:
    """`must_be_exact`: every difference is a fault of ours. `detail` says why it was not compared."""

    name: str
    version: str | None
    must_be_exact: bool
    status: str
    detail: str
    accuracy: float | None
    layers: tuple[LayerDifference, ...]

    @property
    def differing(self) -> int:
        return sum(layer.differing for layer in self.layers)


@dataclass(frozen=True)
class Validation:
    """`inputs_from` tells where they come from; `accuracy` is the reference's, on these inputs, null without labels."""

    schema: int
    tinyprune: str
    model: ModelInfo
    inputs: int
    inputs_from: str
    accuracy: float | None
    comparisons: tuple[Comparison, ...]

    @property
    def passed(self) -> bool:
        """Whether nothing that must be exact differs or failed; what is absent does not count."""
        return not any(one.must_be_exact and (one.differing or one.status == FAILED) for one in self.comparisons)

    def to_json(self) -> str:
        return to_json({**dataclasses.asdict(self), "passed": self.passed})


@dataclass(frozen=True, eq=False)
class Firmware:
    """A built image, the graph that it was generated from, and the input that is compiled into it."""

    graph: Graph
    elf: Elf
    board: Board
    sample: Int8
    emulator: str


def validate(
    graph: Graph, content: bytes | None, firmware: Firmware | None, samples: Samples, model: ModelInfo
) -> Validation:
    """The reference on `graph` against each interpreter on the file `content`, and `firmware`, where they are given.

    `graph` is `content` as it was imported; None where it was changed since then.
    """
    expected = reference.run(graph, samples.inputs)
    output = reference.outputs_of(graph, expected)
    comparisons = [_firmware(firmware, samples)] if firmware else []
    comparisons += [_interpreter(one, graph, content, expected, samples) for one in interpreters.INTERPRETERS]
    return Validation(
        schema=SCHEMA,
        tinyprune=tinyprune.__version__,
        model=model,
        inputs=len(samples.inputs),
        inputs_from=samples.origin,
        accuracy=share_right(output, samples.labels),
        comparisons=tuple(comparisons),
    )


def _firmware(firmware: Firmware, samples: Samples) -> Comparison:
    """The compiled-in input runs too, and is compared; it has no label."""
    graph = firmware.graph
    inputs = np.concatenate([firmware.sample, samples.inputs])
    run = emulators.run(firmware.emulator, firmware.elf, firmware.board, inputs)
    expected = reference.run(graph, inputs)
    got = {layer.output: graph.tensors[layer.output].values(run.layer_outputs[layer.name]) for layer in graph.layers}
    layers = differences(graph, expected, got)
    whole = _difference("output", "tp_invoke", run.outputs, reference.outputs_of(graph, expected))
    return Comparison(
        name=FIRMWARE,
        version=f"{firmware.board.name}, {run.emulator} {run.emulator_version}",
        must_be_exact=True,
        status=COMPARED,
        detail="",
        accuracy=share_right(run.outputs[1:], samples.labels),
        layers=(*layers, whole),
    )


def _interpreter(
    one: Interpreter, graph: Graph, content: bytes | None, expected: Mapping[str, Int8], samples: Samples
) -> Comparison:
    def without(status: str, detail: str) -> Comparison:
        return Comparison(one.name, one.version, one.exact, status, detail, None, ())

    if one.version is None:
        return without(ABSENT, f"not installed: pip install {one.name}")
    if content is None:
        return without(LEFT_OUT, "the int8 weights were pruned after the file was made")
    indices = {name: file_index(name) for name in (*(layer.output for layer in graph.layers), *graph.outputs)}
    try:
        values = interpreters.run(one.name, content, model_inputs(graph, samples.inputs), sorted(indices.values()))
    except InterpreterFailure as failure:
        return without(FAILED, str(failure))
    named = {name: values[index] for name, index in indices.items()}
    accuracy = share_right(reference.outputs_of(graph, named), samples.labels)
    return Comparison(one.name, one.version, one.exact, COMPARED, "", accuracy, differences(graph, expected, named))


def model_inputs(graph: Graph, inputs: Int8) -> list[Int8 | NDArray[np.float32]]:
    """What the file takes, one array (n, ...) an input: the real values of `inputs` where that is floats."""
    given = zip(graph.inputs, edges.split(graph, graph.inputs, inputs), strict=True)
    return [_real(values, graph.tensors[name]) if name in graph.float_edges else values for name, values in given]


def _real(values: Int8, tensor: Tensor) -> NDArray[np.float32]:
    return (values.astype(np.float32) - tensor.zero_point) * np.float32(tensor.scale)


def file_index(tensor: str) -> int:
    """The importer begins the name of each activation with its index in the file."""
    return int(tensor.split(":")[0])


def differences(
    graph: Graph, expected: Mapping[str, Int8], got: Mapping[str, Int8 | Int16]
) -> tuple[LayerDifference, ...]:
    """For each layer of `graph`, in order: `got` against `expected`, both by tensor, (n, ...)."""
    return tuple(
        _difference(layer.name, ir.op_name(layer), got[layer.output], expected[layer.output]) for layer in graph.layers
    )


def _difference(name: str, op: str, got: Int8 | Int16, expected: Int8) -> LayerDifference:
    apart = np.abs(got.reshape(-1).astype(np.int32) - expected.reshape(-1))
    return LayerDifference(name, op, apart.size, int(np.count_nonzero(apart)), int(apart.max(initial=0)))
