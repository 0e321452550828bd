"""Depthwise layers of any window for the DSP extension: windows, strides, dilations, multipliers, strips, lines."""

from pathlib import Path

import numpy as np
import pytest
from depthwise_layers import graph_of, is_right, is_right_on, layer_of, stm32f4

from tinyprune import ir
from tinyprune.ir import Graph, Padding, Quant, Tensor, Window
from tinyprune.kernels import depthwise_any

KERNEL = "tp_depthwise_conv2d_dense_dsp_any_s8"
ROW = Padding(left=2, right=1)
CASES: dict[str, tuple[tuple[int, int], Window, int, int]] = {  # input, window, input channels, multiplier
    "5x5": ((7, 9), Window((5, 5), padding=Padding(2, 2, 2, 2)), 5, 1),
    "5x5, every other": ((9, 8), Window((5, 5), (2, 2), padding=Padding(1, 2, 2, 1)), 4, 1),
    "even window": ((6, 7), Window((2, 4)), 3, 1),
    "every third, and second": ((11, 12), Window((3, 5), (3, 2), padding=Padding(0, 1, 1, 1)), 9, 1),
    "dilated": ((9, 9), Window((3, 3), dilation=(2, 2), padding=Padding(2, 2, 2, 2)), 6, 1),
    "dilated by three, strided": ((12, 10), Window((3, 2), (2, 1), dilation=(3, 2)), 2, 1),
    "multiplier": ((5, 6), Window((3, 3), padding=Padding(1, 1, 1, 1)), 5, 3),
    "a row": ((1, 37), Window((1, 5), padding=ROW), 6, 1),
    "a row, every other": ((1, 30), Window((1, 4), (1, 2), padding=ROW), 4, 2),
    "a row that becomes three": ((1, 9), Window((1, 3), padding=Padding(bottom=2)), 4, 1),
    "a row under padding": ((1, 9), Window((1, 3), padding=Padding(top=1)), 4, 1),
    "a column": ((25, 1), Window((4, 1)), 4, 1),
    "three columns": ((20, 3), Window((5, 1)), 7, 1),
    "three columns, every third": ((20, 3), Window((4, 1), (3, 1)), 1, 1),
    "one output": ((7, 5), Window((7, 5)), 4, 1),
    "window beyond the input": ((3, 2), Window((15, 5), padding=Padding(8, 7, 4, 3)), 4, 1),
    "padding alone": ((2, 2), Window((3, 2), padding=Padding(4, 0, 3, 0)), 4, 1),
    "many rows": ((70, 2), Window((4, 2)), 1, 1),
}


def random_graph(size: tuple[int, int], window: Window, channels: int, times: int, zero_point: int = 5) -> Graph:
    random = np.random.default_rng([*size, *window.size, channels])
    values = random.integers(-128, 128, (1, *window.size, channels * times)).astype(np.int8)
    values[:, :, :, 0] = 0
    bias = random.integers(-9000, 9000, channels * times).astype(np.int32)
    return graph_of(layer_of(values, bias, window, 2**-8.3), size, zero_point, KERNEL, times)


@pytest.mark.parametrize("case", CASES)
def test_windows(case: str) -> None:
    graph = random_graph(*CASES[case])
    assert graph.layers and is_right(graph)


def test_random_windows() -> None:
    random = np.random.default_rng(5)
    for _ in range(12):
        height, width, tall, wide = (int(one) for one in random.integers([1, 1, 1, 1], [12, 12, 7, 7]))
        stride, dilation = random.integers(1, 4, (2, 2)).tolist()
        padding = Padding(*(int(one) for one in random.integers(0, 4, 4)))
        window = Window((tall, wide), (stride[0], stride[1]), (dilation[0], dilation[1]), padding)
        if min(window.output(height, width)) < 1 or window.size == (3, 3):
            continue
        graph = random_graph((height, width), window, int(random.integers(1, 7)), int(random.integers(1, 3)))
        assert is_right(graph), window


@pytest.mark.parametrize("toolchain_name", ["gcc", "zig"])
def test_assembly(toolchain_name: str, tmp_path: Path) -> None:
    """Windows of one to eight words in a column."""
    on = stm32f4(toolchain_name)
    for rows in range(2, 16, 2):
        graph = random_graph((18, 6), Window((rows, 2)), 5, 1, -128)
        assert all(depthwise_any.DEPTHWISE_DENSE.constants(one, graph) == (rows // 2 + 1,) for one in graph.layers)
        assert is_right_on(on, graph, tmp_path / f"{rows}"), rows


def test_the_largest_accumulators() -> None:
    """The bound of the proof, reached from above and from below."""
    window, size, input_zero_point = Window((5, 5)), (6, 6), -3
    values = np.full((1, 5, 5, 2), -128, np.int8)
    values[..., 1] = 127
    most = (1 << 29) - 1 - 128 * 25 * np.array([128, 127])
    bias = (most * [1, -1] + input_zero_point * 25 * np.array([-128, 127])).astype(np.int32)
    graph = graph_of(layer_of(values, bias, window, 2**-22.5), size, 0, KERNEL)
    lowest = np.full((1, *size, 2), -128, np.int8)
    assert graph.layers and is_right(graph, lowest)
    assert not graph_of(layer_of(values, bias + np.array([1, 0], np.int32), window, 2**-22.5), size, 0, KERNEL).layers
    assert not graph_of(layer_of(values, bias - np.array([0, 1], np.int32), window, 2**-22.5), size, 0, KERNEL).layers


@pytest.mark.parametrize(
    ("window", "problem"),
    [
        (Window((3, 3)), "a kernel for its window alone is faster"),
        (Window((16, 1)), "at most 8"),
        (Window((3, 1), dilation=(8, 1)), "at most 8"),
    ],
)
def test_other_windows_are_refused(window: Window, problem: str) -> None:
    layer = layer_of(np.ones((1, *window.size, 2), np.int8), np.zeros(2, np.int32), window, 2**-8.3)
    tensors = {name: Tensor(name, (1, 20, 20, 2), Quant((1.0,), 0)) for name in ("input", "output")}
    assert problem in depthwise_any.DEPTHWISE_DENSE.unfit(layer, Graph("", tensors, (layer,), (), ()))


def test_weights_are_as_many_bytes_as_in_the_file() -> None:
    layer = random_graph((9, 9), Window((5, 3)), 4, 1).layers[0]
    assert isinstance(layer, ir.DepthwiseConv2D)
    assert depthwise_any.DEPTHWISE_DENSE.operand(layer, random_graph((9, 9), Window((5, 3)), 4, 1)).bytes == 5 * 3 * 4
