"""Fully connected layers whose rows are hard to store: gaps of many distances, empty rows, rows filled up."""

from dataclasses import replace

import numpy as np
import pytest
from host import run_host

from tinyprune import formats, ir, kernels, reference
from tinyprune.board import ALL_FEATURES
from tinyprune.ir import Dense, Graph, Int8, Quant, Tensor
from tinyprune.passes.plan_memory import plan_memory

INPUTS = 2100


def hard_rows() -> Int8:
    """Five rows: gaps of 255 to 2,000 inputs, none, only the last input, nine neighbours, every seventh input."""
    matrix = np.zeros((5, INPUTS), np.int8)
    matrix[0, np.cumsum([0, 255, 256, 510, 511])] = [1, -2, 3, -4, 127]
    matrix[2, -1] = -128
    matrix[3, 2000:2009] = np.arange(1, 10)
    matrix[4, ::7] = -127
    return matrix


def graph_in(name: str) -> Graph:
    """A layer of the rows in format `name`, once for each variant; two input vectors."""
    quant = Quant((1.0,), 3)
    tensors = {"input": Tensor("input", (2, INPUTS), quant), "output": Tensor("output", (2, 5), quant)}
    weights = formats.pack(name, hard_rows(), Quant((2.0**-12,), 0))
    layer = Dense("dense", "input", "output", weights, np.arange(5, dtype=np.int32), (-128, 127))
    layers: list[ir.Layer] = []
    for number, variant in enumerate(kernels.variants(layer, Graph("", tensors, (), (), ()), ALL_FEATURES)):
        tensors[f"output {number}"] = Tensor(f"output {number}", (2, 5), quant)
        layers.append(replace(layer, name=f"dense_{number}", output=f"output {number}", variant=variant))
    return plan_memory(Graph("hard", tensors, tuple(layers), ("input",), (layers[-1].output,)))


@pytest.mark.parametrize("name", ["dense", "csr_delta", "bsr_4x1"])
def test_hard_rows(name: str) -> None:
    graph = graph_in(name)
    inputs = np.random.default_rng(0).integers(-128, 128, (3, 2 * INPUTS), np.int8).reshape(3, 2, INPUTS)
    assert {f"tp_dense_{name}_dsp_s8"} <= {kernels.variant(layer).kernel for layer in graph.layers}
    actual = run_host(graph, inputs).layers
    for layer in graph.layers:
        one = replace(graph, outputs=(layer.output,))
        expected = np.concatenate([reference.run(one, sample[None])[layer.output] for sample in inputs])
        np.testing.assert_array_equal(actual[layer.name].reshape(-1), expected.reshape(-1))
