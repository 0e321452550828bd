"""Whole models, every layer, bit by bit: tflite-micro, the reference, the kernels on the host, and the emulated ELF."""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from host import run_host
from tflm import patch_weights, run_tflm

from tinyprune import board as boards
from tinyprune import emulators, paths, reference, toolchain
from tinyprune.errors import ToolMissingError
from tinyprune.frontend import tflite_import
from tinyprune.frontend.dataset import load_dataset
from tinyprune.ir import Graph, Int8
from tinyprune.passes.prune_weights import prune_weights
from tinyprune.passes.verify import verify
from tinyprune.pipeline import Target, compile_graph, lower
from tinyprune.source import quantize_inputs

INPUTS = 100
SPARSITIES = (0.0, 0.8)
FORMATS = ("dense", "csr")
MLPERF = ("ad", "ic", "kws", "vww")
FILES = [("bundled_file", sparsity) for sparsity in SPARSITIES] + [
    pytest.param(("quantized_file", sparsity), marks=pytest.mark.keras) for sparsity in SPARSITIES
]


@dataclass(frozen=True, eq=False)
class Model:
    """A `.tflite` file, its graph, and inputs to run it on."""

    content: bytes
    graph: Graph
    inputs: Int8


def model(content: bytes, name: str, sparsity: float, inputs: Int8 | int) -> Model:
    """Pruned in the graph and in the file alike; for a number of `inputs`, so many of `edge_inputs`."""
    graph = verify(prune_weights(tflite_import.import_tflite(content, name), sparsity))
    given = edge_inputs(graph, inputs) if isinstance(inputs, int) else inputs
    return Model(patch_weights(content, graph), graph, given)


def edge_inputs(graph: Graph, count: int) -> Int8:
    """All lowest, all highest, all zero point, and then random values."""
    tensor = graph.tensors[graph.inputs[0]]
    random = np.random.default_rng(0).integers(-128, 128, (count, *tensor.shape[1:]), np.int8)
    random[:3] = np.array([-128, 127, tensor.zero_point], np.int8).reshape(3, *[1] * (random.ndim - 1))
    return random


@pytest.fixture(scope="session")
def bundled_file() -> bytes:
    return (Path(__file__).parents[1] / "data" / "digits.tflite").read_bytes()


@pytest.fixture(scope="session")
def quantized_file() -> bytes:
    from tinyprune.frontend.keras_model import load_keras_model
    from tinyprune.frontend.quantize import quantize

    data = load_dataset(str(paths.example() / "digits.npz"))
    return quantize(load_keras_model(paths.example() / "digits.keras"), data.calibration())


@pytest.fixture(scope="session", params=SPARSITIES)
def bundled_digits(request: pytest.FixtureRequest, bundled_file: bytes) -> Model:
    return digits_model(bundled_file, request.param)


@pytest.fixture(scope="session", params=FILES)
def digits(request: pytest.FixtureRequest) -> Model:
    file, sparsity = request.param
    return digits_model(request.getfixturevalue(file), sparsity)


def digits_model(content: bytes, sparsity: float) -> Model:
    """Its inputs are edge cases, random ones, and test images."""
    graph = tflite_import.import_tflite(content, "digits")
    images = load_dataset(str(paths.example() / "digits.npz")).x_test
    assert images is not None
    inputs = np.concatenate([edge_inputs(graph, INPUTS // 2), quantize_inputs(graph, images[: INPUTS // 2])])
    return model(content, "digits", sparsity, inputs)


@pytest.fixture(scope="session", params=[(name, sparsity) for name in MLPERF for sparsity in SPARSITIES])
def mlperf(request: pytest.FixtureRequest) -> Model:
    folder = os.environ.get("TINYPRUNE_MODELS")
    if folder is None:
        pytest.skip("TINYPRUNE_MODELS names no folder with mlperf_tiny/*.tflite")
    name, sparsity = request.param
    content = (Path(folder) / "mlperf_tiny" / f"{name}.tflite").read_bytes()
    return model(content, name, sparsity, inputs=5)


def wrong_layers(graph: Graph, inputs: Int8, layers: dict[str, Int8]) -> dict[str, int]:
    """For each layer that is not as in the reference, the number of values that differ."""
    values = reference.run(graph, inputs)
    expected = {layer.name: values[layer.output].reshape(-1) for layer in graph.layers}
    wrong = {name: int((layers[name].reshape(-1) != value).sum()) for name, value in expected.items()}
    return {name: count for name, count in wrong.items() if count}


def check_against_tflm(model: Model) -> None:
    by_index = run_tflm(model.content, model.inputs)
    outputs = {layer.name: by_index[int(layer.output.split(":")[0])] for layer in model.graph.layers}
    assert not wrong_layers(model.graph, model.inputs, outputs)


def check_on_host(model: Model, format_name: str, inputs: Int8) -> None:
    graph = lower(model.graph, format_name)
    run = run_host(graph, inputs)
    assert not wrong_layers(graph, inputs, run.layers)
    np.testing.assert_array_equal(run.output, reference.output(graph, inputs))


def test_pruning_left_exactly_the_file_that_tflm_runs(digits: Model) -> None:
    again = tflite_import.import_tflite(digits.content, "digits")
    np.testing.assert_array_equal(reference.output(again, digits.inputs), reference.output(digits.graph, digits.inputs))


def test_digits_reference_is_tflm(digits: Model) -> None:
    check_against_tflm(digits)


@pytest.mark.parametrize("format_name", FORMATS)
def test_digits_kernels_on_the_host(digits: Model, format_name: str) -> None:
    check_on_host(digits, format_name, digits.inputs)


@pytest.mark.parametrize("toolchain_name", ["gcc", "zig"])
@pytest.mark.parametrize("format_name", FORMATS)
def test_digits_firmware_in_the_emulator(
    bundled_digits: Model, format_name: str, toolchain_name: str, tmp_path: Path
) -> None:
    try:
        on = Target(boards.load("stm32f4"), toolchain.find(toolchain_name), "unicorn")
    except ToolMissingError as error:
        pytest.skip(error.what)
    graph = lower(bundled_digits.graph, format_name)
    elf = compile_graph(graph, bundled_digits.inputs[0], on, tmp_path)
    run = emulators.run(on.emulator, elf, on.board, bundled_digits.inputs)
    assert not wrong_layers(graph, bundled_digits.inputs, run.layer_outputs)
    np.testing.assert_array_equal(run.outputs.reshape(INPUTS, -1), reference.output(graph, bundled_digits.inputs))


@pytest.mark.slow
def test_mlperf_reference_is_tflm(mlperf: Model) -> None:
    check_against_tflm(mlperf)


@pytest.mark.slow
@pytest.mark.parametrize("format_name", FORMATS)
def test_mlperf_kernels_on_the_host(mlperf: Model, format_name: str) -> None:
    check_on_host(mlperf, format_name, mlperf.inputs[:3])
