"""N:M weights in their kernels: rows of any length, groups with fewer non-zeros, and the largest accumulators."""

from dataclasses import replace

import numpy as np
import pytest
from holdable import holdable
from host import run_host

from tinyprune import formats, ir, kernels, reference
from tinyprune.board import ALL_FEATURES
from tinyprune.ir import Conv2D, Dense, Graph, Int8, Layer, Quant, Tensor, Weighted, Window
from tinyprune.passes.plan_memory import plan_memory

PATTERNS = ["nm_1_4", "nm_2_4", "nm_4_8"]
PAIRED = PATTERNS[:2]
"""Those with a fully connected kernel of their own."""


def weights(name: str, shape: tuple[int, ...]) -> Int8:
    """The most extreme values, some zero, and the last output all zero."""
    random = np.random.default_rng(5)
    values = random.choice(np.array([-128, -127, 127, 0], np.int8), shape)
    values[-1] = 0
    return holdable(name, values)


def in_all_variants(layer: Weighted, source: Tensor, target: Tensor) -> Graph:
    tensors = {source.name: source, target.name: target}
    layers: list[Layer] = []
    for number, variant in enumerate(kernels.variants(layer, Graph("", dict(tensors), (), (), ()), ALL_FEATURES)):
        tensors[f"y {number}"] = replace(target, name=f"y {number}")
        layers.append(replace(layer, name=f"layer_{number}", output=f"y {number}", variant=variant))
    return plan_memory(Graph("variants", tensors, tuple(layers), (source.name,), (layers[-1].output,)))


def dense_graph(name: str, inputs: int, outputs: int = 5, bias: int = 3) -> Graph:
    source, target = Tensor("x", (2, inputs), Quant((1.0,), -7)), Tensor("y", (2, outputs), Quant((1.0,), 3))
    stored = formats.pack(name, weights(name, (outputs, inputs)), Quant((2.0**-14,), 0))
    biases = np.full(outputs, bias, np.int32)
    return in_all_variants(Dense("layer", "x", "y", stored, biases, (-128, 127)), source, target)


def conv_graph(name: str, channels: int, width: int, window: Window) -> Graph:
    source = Tensor("x", (1, 5, width, channels), Quant((1.0,), -7))
    target = Tensor("y", (1, *window.output(5, width), 3), Quant((1.0,), -128))
    stored = formats.pack(name, weights(name, (3, *window.size, channels)), Quant((2.0**-14,), 0))
    layer = Conv2D("layer", "x", "y", stored, np.zeros(3, np.int32), window, (-128, 127))
    return in_all_variants(layer, source, target)


def functions(graph: Graph) -> set[str]:
    return {kernels.kernel(layer).function for layer in graph.layers}


def check(graph: Graph) -> None:
    shape = graph.tensors["x"].shape
    random = np.random.default_rng(0)
    inputs = np.concatenate(
        [np.full((1, *shape), -128, np.int8), random.integers(-128, 128, (2, *shape)).astype(np.int8)]
    )
    actual = run_host(graph, inputs).layers
    for layer in graph.layers:
        one = replace(graph, outputs=(layer.output,))
        expected = [reference.run(one, sample if shape[0] == 1 else sample[None])[layer.output] for sample in inputs]
        np.testing.assert_array_equal(actual[layer.name].reshape(-1), np.concatenate(expected).reshape(-1))


@pytest.mark.parametrize("inputs", [1, 3, 7, 8, 31, 32, 33, 64, 65, 96, 100, 160, 320])
@pytest.mark.parametrize("name", PAIRED)
def test_rows_of_any_length(name: str, inputs: int) -> None:
    """1:4 takes 64 inputs a round, 2:4 32, and the unrolled loop is entered at each of its four rounds."""
    graph = dense_graph(name, inputs)
    assert "tp_dense_nm_dsp_s8" in functions(graph)
    check(graph)


@pytest.mark.parametrize(
    ("channels", "width", "window"),
    [
        (8, 8, Window((3, 3))),  # a strip: groups in runs
        (8, 9, Window((3, 3), dilation=(2, 2))),  # runs of a pixel
        (3, 8, Window((3, 3))),  # groups would lie in two runs: patches
        (1, 8, Window((2, 5))),
        (4, 7, Window((1, 1), stride=(2, 2))),
        (1, 3, Window((1, 1))),  # one weight: not in the fast kernel
    ],
)
@pytest.mark.parametrize("name", PATTERNS)
def test_convolutions_of_any_shape(name: str, channels: int, width: int, window: Window) -> None:
    graph = conv_graph(name, channels, width, window)
    assert ("tp_conv2d_nm_dsp_s8" in functions(graph)) == (channels * window.size[0] * window.size[1] > 1)
    check(graph)


@pytest.mark.parametrize("name", PAIRED)
def test_the_bound_of_pairs_is_where_the_kernel_says(name: str) -> None:
    values = weights(name, (5, 64)).astype(int)
    worst = (1 << 29) - 1 - int((128 * np.abs(values).sum(axis=1) + 7 * values.sum(axis=1)).max())

    assert "tp_dense_nm_dsp_s8" in functions(dense_graph(name, 64, bias=worst))
    assert "tp_dense_nm_dsp_s8" not in functions(dense_graph(name, 64, bias=worst + 1))
    check(dense_graph(name, 64, bias=worst))


def test_convolutions_take_their_packed_bytes() -> None:
    """A byte a weight that stays, its place, and where each group of inputs begins, which channels share."""
    layer = conv_graph("nm_2_4", 16, 8, Window((3, 3))).layers[-1]
    assert isinstance(layer, ir.Conv2D)
    graph = conv_graph("nm_2_4", 16, 8, Window((3, 3)))
    assert kernels.operand(layer, graph).bytes == 3 * (72 + 18) + 2 * 36
