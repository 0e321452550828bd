"""Dense kernels for the DSP extension, both ways to requantize: accumulators as large as they may have them."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from host import run_host
from test_kernels import wrong_layers

from tinyprune import board as boards
from tinyprune import emulators, formats, ir, kernels, toolchain
from tinyprune.errors import ToolMissingError
from tinyprune.ir import Graph, Int8, Padding, Quant, Tensor, Weighted, Window
from tinyprune.passes.plan_memory import plan_memory
from tinyprune.passes.verify import verify
from tinyprune.pipeline import Target, compile_graph

SHAPE = (1, 5, 3, 5)
DSP = frozenset({"dsp"})
ZERO_POINTS = (-128, 3)  # at a common shift; not, as ties of negative accumulators occur
STEEP = 2.0**-5.5  # a scale for which a common shift cuts no bits of multipliers
BITS = {
    "tp_conv2d_dense_dsp_s8": 23,
    "tp_conv2d_winograd_dsp_s8": 25,
    "tp_depthwise_conv2d_dense_dsp_s8": 23,
}
SAME = Window((3, 3), padding=Padding(1, 1, 1, 1))
WINDOWS = {"tp_conv2d_dense_dsp_s8": (SAME, Window((1, 1)), Window((2, 3), (2, 1)))}


def weights_of(kernel: str, window: Window) -> Int8:
    """(outputs, height, width, inputs): all 127, all -128, -127 and 127 in turns, none, and any."""
    inputs = 1 if kernel.startswith("tp_depthwise") else SHAPE[3]
    values = np.random.default_rng(0).integers(-127, 128, (5, *window.size, inputs)).astype(np.int8)
    values[0], values[1], values[3] = 127, -128, 0
    values[2].reshape(-1)[::2] = -127
    values[2].reshape(-1)[1::2] = 127
    return values


def layers_of(kernel: str) -> Iterator[tuple[Tensor, Weighted]]:
    """In each variant; biases fill up what the bound leaves, of both signs."""
    for window in WINDOWS.get(kernel, (SAME,)):
        values = weights_of(kernel, window)
        products = 128 * np.abs(values.astype(np.int64)).sum(axis=(1, 2, 3))
        bias = (((1 << BITS[kernel]) - 1 - products) * [1, -1, 1, -1, 0]).astype(np.int32)
        for zero_point, scale in product(ZERO_POINTS, (STEEP, 100 / (1 << BITS[kernel]))):
            quant = Quant((scale,), 0)
            target = Tensor("y", (1, *window.output(*SHAPE[1:3]), 5), Quant((1.0,), zero_point))
            layer: Weighted
            if kernel.startswith("tp_depthwise"):
                packed = formats.pack("dense", values.transpose(3, 1, 2, 0), quant)
                layer = ir.DepthwiseConv2D("layer", "x", "y", packed, bias, window, (-128, 127))
            else:
                layer = ir.Conv2D("layer", "x", "y", formats.pack("dense", values, quant), bias, window, (-128, 127))
            typed = Graph("", {"x": Tensor("x", SHAPE, Quant((1.0,), 0)), "y": target}, (), (), ())
            variants = [one for one in kernels.variants(layer, typed, DSP) if one.kernel == kernel]
            assert variants
            yield from ((target, replace(layer, variant=one)) for one in variants)


def graph_of(kernel: str) -> Graph:
    tensors, layers = {"x": Tensor("x", SHAPE, Quant((1.0,), 0))}, list[ir.Layer]()
    for number, (target, layer) in enumerate(layers_of(kernel)):
        tensors[f"y{number}"] = replace(target, name=f"y{number}")
        layers.append(replace(layer, name=f"layer_{number}", output=f"y{number}"))
    return verify(plan_memory(verify(Graph("extremes", tensors, tuple(layers), ("x",), (layers[-1].output,)))))


def inputs_of() -> Int8:
    """All lowest, all highest, either at random."""
    ends = [np.full(SHAPE, value, np.int8) for value in (-128, 127)]
    return np.concatenate([*ends, np.random.default_rng(1).choice([-128, 127], (2, *SHAPE[1:])).astype(np.int8)])


@pytest.mark.parametrize("kernel", BITS)
def test_on_this_machine(kernel: str) -> None:
    graph, inputs = graph_of(kernel), inputs_of()
    assert not wrong_layers(graph, inputs, run_host(graph, inputs).layers)


@pytest.mark.parametrize("toolchain_name", ["gcc", "zig"])
@pytest.mark.parametrize("kernel", BITS)
def test_in_the_emulator(kernel: str, toolchain_name: str, tmp_path: Path) -> None:
    try:
        on = Target(boards.load("nucleo-l4r5zi"), toolchain.find(toolchain_name), "unicorn")
    except ToolMissingError as error:
        pytest.skip(error.what)
    graph, inputs = graph_of(kernel), inputs_of()
    run = emulators.run(on.emulator, compile_graph(graph, inputs[0], on, tmp_path), on.board, inputs)
    assert not wrong_layers(graph, inputs, run.layer_outputs)


@pytest.mark.parametrize("kernel", BITS)
def test_both_ways_are_among_them_and_nothing_beyond_the_bound(kernel: str) -> None:
    graph = graph_of(kernel)
    place = {"tp_conv2d_dense_dsp_s8": -2}.get(kernel, -1)  # of the common shift, among the constants
    shifts = {kernels.kernel(layer).constants(layer, graph)[place] > 0 for layer in graph.layers}
    assert shifts == {True, False}
    layer = graph.layers[0]
    assert isinstance(layer, Weighted)
    bias = layer.bias.copy()
    bias[0] += 1
    assert f"beyond 2^{BITS[kernel]}" in kernels.kernel(layer).unfit(replace(layer, bias=bias), graph)
