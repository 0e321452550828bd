"""Depthwise 3x3 for the DSP extension: every way to cut outputs into strips and tiles, and the ends of every range."""

from pathlib import Path

import numpy as np
import pytest
from depthwise_layers import graph_of, is_right, is_right_on, layer_of, stm32f4

from tinyprune import ir
from tinyprune.ir import Graph, Padding, Quant, Tensor, Window
from tinyprune.kernels import depthwise

KERNEL = "tp_depthwise_conv2d_dense_dsp_s8"
ANY, RECTIFIED = 5, -128  # output zero points: requantized in two ways
PADDINGS = (Padding(1, 1, 1, 1), Padding(0, 2, 0, 2), Padding(3, 0, 2, 0))


def random_graph(size: tuple[int, int], stride: int, padding: Padding, channels: int, zero_point: int) -> Graph:
    random = np.random.default_rng([*size, stride, channels])
    values = random.integers(-128, 128, (1, 3, 3, channels)).astype(np.int8)
    bias = random.integers(-9000, 9000, channels).astype(np.int32)
    return graph_of(
        layer_of(values, bias, Window((3, 3), (stride, stride), padding=padding), 2**-8.3), size, zero_point, KERNEL
    )


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize(
    ("size", "padding"), [((1, 1), 0), ((2, 6), 1), ((3, 3), 2), ((7, 2), 0), ((9, 5), 1), ((37, 3), 0)]
)
def test_strips_and_tiles(size: tuple[int, int], padding: int, stride: int) -> None:
    assert is_right(random_graph(size, stride, PADDINGS[padding], 5, RECTIFIED))


@pytest.mark.parametrize("channels", [1, 3, 4, 9])
def test_channels(channels: int) -> None:
    """They are packed four at a time, the last four again where some of them were."""
    assert is_right(random_graph((5, 4), 1, PADDINGS[0], channels, RECTIFIED))


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("zero_point", [ANY, RECTIFIED])
@pytest.mark.parametrize("toolchain_name", ["gcc", "zig"])
def test_assembly(toolchain_name: str, zero_point: int, stride: int, tmp_path: Path) -> None:
    """The tiles of all pitches: outputs even and odd, one of a row or of a column alone."""
    on = stm32f4(toolchain_name)
    for size in [(4, 1), (37, 3), (36, 4)]:
        assert is_right_on(on, random_graph(size, stride, PADDINGS[0], 6, zero_point), tmp_path / f"{size}"), size


def test_requantization_in_two_ways() -> None:
    """At a common shift where the zero point of the output is -128."""
    for zero_point, expected in ((RECTIFIED, 1), (ANY, 0)):
        graph = random_graph((5, 4), 1, PADDINGS[0], 4, zero_point)
        assert depthwise.DEPTHWISE_DENSE.constants(graph.layers[0], graph) == (3, 1, expected)


def test_words_of_weights() -> None:
    """Bytes w1, w0, w2, w1 of each column, from the lowest on."""
    values = np.arange(1, 10, dtype=np.int8).reshape(1, 3, 3, 1)
    layer = layer_of(values, np.zeros(1, np.int32), Window((3, 3)), 2**-8)
    words = depthwise.DEPTHWISE_DENSE.operand(layer, graph_of(layer, (4, 4), ANY, KERNEL)).arrays["words"]
    assert words.tolist() == [0x04070104, 0x05080205, 0x06090306]


@pytest.mark.parametrize(
    ("window", "problem"),
    [
        (Window((3, 3), (2, 1)), "stride 1x1 and 2x2"),
        (Window((3, 3), (3, 3)), "stride 1x1 and 2x2"),
        (Window((3, 3), dilation=(2, 1)), "undilated 3x3"),
        (Window((3, 5)), "undilated 3x3"),
    ],
)
def test_other_windows_are_refused(window: Window, problem: str) -> None:
    layer = layer_of(np.ones((1, *window.size, 2), np.int8), np.zeros(2, np.int32), window, 2**-8)
    tensors = {name: Tensor(name, (1, 9, 9, 2), Quant((1.0,), 0)) for name in ("input", "output")}
    assert problem in depthwise.DEPTHWISE_DENSE.unfit(layer, Graph("", tensors, (layer,), (), ()))


def test_strips_end_with_the_first_that_holds_all_rows() -> None:
    for height, expected in ((3, (4,)), (4, (4,)), (5, (4, 8)), (40, (4, 8, 16, 32))):
        graph = random_graph((height, 3), 1, PADDINGS[0], 4, ANY)
        rows = [layer.variant.rows for layer in graph.layers if isinstance(layer, ir.DepthwiseConv2D)]
        assert tuple(dict.fromkeys(rows)) == expected
