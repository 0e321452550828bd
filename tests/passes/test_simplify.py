"""The lossless passes as a whole: on the MLPerf Tiny models, in a build, and what a report says of their output."""

import os
from pathlib import Path

import numpy as np
import pytest
from chains import every_operator
from host import run_host
from networks import adversarial_inputs, random_network

from tinyprune import formats, ir, reference
from tinyprune.emulators.run import Run
from tinyprune.frontend import tflite_import
from tinyprune.ir import Graph
from tinyprune.passes.simplify import simplify
from tinyprune.pipeline import lower
from tinyprune.report.measure import Expected, is_bit_exact

UNCHANGED_MACS = {"ad": 264_192, "ic": 12_501_632, "kws": 2_656_768}


def mlperf(name: str) -> Graph:
    folder = os.environ.get("TINYPRUNE_MODELS")
    if folder is None:
        pytest.skip("TINYPRUNE_MODELS names no folder with mlperf_tiny/*.tflite")
    return tflite_import.import_tflite((Path(folder) / "mlperf_tiny" / f"{name}.tflite").read_bytes(), name)


def macs(graph: Graph) -> int:
    return sum(ir.macs(layer, graph) for layer in graph.layers)


def weights(graph: Graph) -> int:
    return sum(formats.unpack(layer.weights).size for layer in graph.layers if isinstance(layer, ir.Weighted))


@pytest.mark.parametrize("name", ["ad", "ic", "kws", "vww"])
def test_the_outputs_of_mlperf_models_stay(name: str) -> None:
    graph = mlperf(name)
    small, inputs = simplify(graph), adversarial_inputs(graph, 20)
    np.testing.assert_array_equal(reference.output(small, inputs), reference.output(graph, inputs))
    assert macs(small) == UNCHANGED_MACS.get(name, macs(small))


def test_half_of_the_visual_wake_words_model_goes() -> None:
    graph = mlperf("vww")
    assert (macs(graph), weights(graph)) == (7_489_664, 208_112)
    small = simplify(graph)
    assert macs(small) <= 3_730_000
    assert weights(small) <= 29_100


@pytest.mark.parametrize("seed", range(4))
def test_a_build_has_the_output_of_the_model_as_it_came(seed: int) -> None:
    graph = random_network(seed)
    inputs = adversarial_inputs(graph)
    built = lower(graph, "auto")
    assert weights(built) < weights(graph)
    np.testing.assert_array_equal(run_host(built, inputs).output, reference.output(graph, inputs))


def test_bit_exact_compares_with_the_model_as_it_came() -> None:
    graph = every_operator()
    inputs = adversarial_inputs(graph)
    values = reference.run(graph, inputs)
    output = values[graph.outputs[0]]
    run = Run("none", "0", "", "", 0, (), output, {layer.name: values[layer.output] for layer in graph.layers}, 0)
    assert is_bit_exact(graph, run, Expected(values, output))
    assert not is_bit_exact(graph, run, Expected(values, output + np.int8(1)))
