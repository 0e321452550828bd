"""Depthwise layers in every variant of a kernel of the DSP extension, and whether what comes out is right."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from host import run_host
from test_kernels import wrong_layers

from tinyprune import board as boards
from tinyprune import emulators, formats, ir, kernels, toolchain
from tinyprune.errors import ToolMissingError
from tinyprune.ir import Graph, Int8, Int32, Quant, Tensor, Window
from tinyprune.passes.plan_memory import plan_memory
from tinyprune.passes.verify import verify
from tinyprune.pipeline import Target, compile_graph


def layer_of(values: Int8, bias: Int32, window: Window, scale: float) -> ir.DepthwiseConv2D:
    weights = formats.pack("dense", values, Quant((scale,), 0))
    return ir.DepthwiseConv2D("deep", "input", "output", weights, bias, window, (-128, 127))


def graph_of(layer: ir.DepthwiseConv2D, size: tuple[int, int], zero_point: int, kernel: str, times: int = 1) -> Graph:
    """Every variant of the layer in `kernel`; it makes `times` output channels of each input channel."""
    channels = len(layer.bias)
    tensors = {"input": Tensor("input", (1, *size, channels // times), Quant((1.0,), -3))}
    shape = (1, *layer.window.output(*size), channels)
    tensors["output"] = Tensor("output", shape, Quant((1.0,), zero_point))
    graph = Graph("deep", tensors, (layer,), ("input",), ("output",))
    wanted = [one for one in kernels.variants(layer, graph, frozenset({"dsp"})) if one.kernel == kernel]
    layers = tuple(replace(layer, name=f"deep_{i}", output=f"output_{i}", variant=one) for i, one in enumerate(wanted))
    outputs = {one.output: Tensor(one.output, shape, Quant((1.0,), zero_point)) for one in layers}
    ends = tuple(one.output for one in layers[-1:])
    return Graph("deep", {"input": tensors["input"], **outputs}, layers, ("input",), ends)


def planned(graph: Graph) -> Graph:
    return verify(plan_memory(verify(graph)))


def inputs_of(graph: Graph) -> Int8:
    return np.random.default_rng(0).integers(-128, 128, (2, *graph.tensors["input"].shape[1:])).astype(np.int8)


def is_right(graph: Graph, inputs: Int8 | None = None) -> bool:
    """In C on this machine; on random inputs where none are given."""
    inputs = inputs_of(graph) if inputs is None else inputs
    return not wrong_layers(graph, inputs, run_host(planned(graph), inputs).layers)


def stm32f4(toolchain_name: str) -> Target:
    """Skips where there is no such compiler."""
    try:
        return Target(boards.load("stm32f4"), toolchain.find(toolchain_name), "unicorn")
    except ToolMissingError as error:
        pytest.skip(error.what)


def is_right_on(on: Target, graph: Graph, folder: Path) -> bool:
    """In the emulator, compiled in the new `folder`."""
    graph, inputs = planned(graph), inputs_of(graph)
    folder.mkdir()
    run = emulators.run(on.emulator, compile_graph(graph, inputs[0], on, folder), on.board, inputs)
    return not wrong_layers(graph, inputs, run.layer_outputs)
