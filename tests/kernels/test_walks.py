"""Depthwise 3x3 as a walk along rows: every way to begin and to end one, on this machine and on cores without DSP."""

from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from host import run_host
from test_kernels import inputs_for, wrong_layers
from test_triples import BOARDS, NO_DSP, run_on_core

from tinyprune import formats, ir, kernels
from tinyprune.ir import Graph, Quant, Tensor, Variant, Window
from tinyprune.kernels.walks import DEPTHWISE_DENSE
from tinyprune.passes.plan_memory import plan_memory
from tinyprune.passes.verify import verify

CHANNELS, HEIGHT = 3, 5
WIDTHS = (1, 2, 3, 4, 5)
WALK = "tp_depthwise_conv2d_dense_walk_s8"


def layer_of(
    name: str, width: int, rows: tuple[int, int, int], columns: tuple[int, int], stride: tuple[int, int]
) -> tuple[Tensor, ir.DepthwiseConv2D] | None:
    """`rows` is padding above and below, and dilation, `columns` padding; None where there is no output."""
    (top, bottom, dilation), (left, right) = rows, columns
    height, across = HEIGHT + top + bottom - 2 * dilation - 1, width + left + right - 3
    if height < 0 or across < 0:
        return None
    weights = np.random.default_rng(width).integers(-128, 128, (1, 3, 3, CHANNELS), np.int8)
    weights[..., 0], weights[..., 1] = -128, 127
    stored = formats.pack("dense", weights, Quant((2.0**-9, 2.0**-8, 2.0**-7), 0))
    window = Window((3, 3), stride, (dilation, 1), ir.Padding(top, bottom, left, right))
    bias = np.array([70_000, -9, 5000], np.int32)
    layer = ir.DepthwiseConv2D(name, "input", f"of {name}", stored, bias, window, (-128, 127), Variant(WALK))
    shape = (1, height // stride[0] + 1, across // stride[1] + 1, CHANNELS)
    return Tensor(layer.output, shape, Quant((1.0,), -128)), layer


def walks(width: int) -> Graph:
    """With and without padding at either side, rows of padding, rows that are skipped."""
    tensors = {"input": Tensor("input", (1, HEIGHT, width, CHANNELS), Quant((1.0,), -7))}
    rows, columns = ((1, 1, 1), (0, 1, 1), (3, 2, 2)), product((0, 1), (0, 1))
    layers: list[ir.Layer] = []
    for case in product(rows, columns, ((1, 1), (2, 2), (2, 1))):
        made = layer_of(f"layer_{len(layers)}", width, *case)
        if made:
            tensors[made[0].name] = made[0]
            layers.append(made[1])
    return Graph("walks", tensors, tuple(layers), ("input",), (layers[-1].output,))


@pytest.mark.parametrize("width", WIDTHS)
def test_walks(width: int) -> None:
    graph = verify(plan_memory(verify(walks(width))))
    for layer in graph.layers:
        assert isinstance(layer, ir.Weighted)
        assert layer.variant in kernels.variants(layer, graph, NO_DSP)
    inputs = inputs_for(graph)
    assert not wrong_layers(graph, inputs, run_host(graph, inputs).layers)


@pytest.mark.parametrize("name", BOARDS)
@pytest.mark.parametrize("toolchain_name", ["gcc", "zig"])
def test_walks_on_the_cores(name: str, toolchain_name: str, tmp_path: Path) -> None:
    for width in (2, 5):
        run_on_core(walks(width), None, name, toolchain_name, tmp_path / str(width))


def test_what_cannot_be_walked_is_refused() -> None:
    graph = walks(5)
    layer = graph.layers[0]
    assert isinstance(layer, ir.DepthwiseConv2D)
    whole = Window((3, 3), padding=ir.Padding(1, 1, 1, 1))

    def problem(window: Window, columns: int = 5, zero_point: int = -128) -> str:
        output = Tensor(layer.output, (1, 5, columns, CHANNELS), Quant((1.0,), zero_point))
        other = replace(layer, window=window, weights=replace(layer.weights, quant=Quant((2.0**-9,), 0)))
        return DEPTHWISE_DENSE.unfit(other, replace(graph, tensors={**graph.tensors, output.name: output}))

    assert not problem(whole)
    assert "adjacent columns" in problem(replace(whole, dilation=(1, 2)), columns=3)
    assert "stride of 3" in problem(replace(whole, stride=(1, 3)), columns=2)
    assert "one column of padding" in problem(replace(whole, padding=ir.Padding(1, 1, 2, 0)))
    assert "one column of padding" in problem(whole, columns=6)
    assert "three parts" in problem(whole, zero_point=3)  # ties of both signs
