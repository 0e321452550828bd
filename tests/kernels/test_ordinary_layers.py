"""Fast kernels on layers of the usual kind, on each kind of core, compiled by both compilers.

Outputs lie in the midst of their range: a sum that is off by one, or a rounding, shows in some of many.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from holdable import holdable
from test_kernels import wrong_layers
from test_triples import roomy

from tinyprune import board as boards
from tinyprune import emulators, formats, ir, kernels, reference, toolchain
from tinyprune.errors import ToolMissingError
from tinyprune.ir import Graph, Int8, Padding, Quant, Tensor, Weighted, Window
from tinyprune.passes.plan_memory import plan_memory
from tinyprune.passes.verify import verify
from tinyprune.pipeline import Target, compile_graph

SHAPE, CHANNELS, SAMPLES = (1, 7, 5, 8), 8, 8  # seven rows: last strips are shorter than the others
SAME = Window((3, 3), padding=Padding(1, 1, 1, 1))
STRIDED = replace(SAME, stride=(2, 2))
SCALES = {-128: 2.0**-8.3, 3: 2.0**-9.3}  # by output zero point: with the first at a common shift
BOARDS = ("nucleo-l4r5zi", "nucleo-g0b1re", "stm32f1")


def plain_layers() -> Iterator[tuple[Weighted, tuple[int, ...]]]:
    """Dense ones, and the shapes of their outputs."""
    random = np.random.default_rng(0)
    bias = random.integers(-9000, 9000, CHANNELS).astype(np.int32)
    for window in (SAME, STRIDED, Window((1, 1))):
        values = random.integers(-127, 128, (CHANNELS, *window.size, SHAPE[3])).astype(np.int8)
        shape = (1, *window.output(*SHAPE[1:3]), CHANNELS)
        stored = formats.pack("dense", values, Quant((1.0,), 0))
        yield ir.Conv2D("conv", "x", "y", stored, bias, window, (-128, 127)), shape
        if window.size == (3, 3):
            stored = formats.pack("dense", values[:1], Quant((1.0,), 0))
            yield ir.DepthwiseConv2D("deep", "x", "y", stored, bias, window, (-128, 127)), shape
    values = random.integers(-127, 128, (CHANNELS, SHAPE[3])).astype(np.int8)
    stored = formats.pack("dense", values, Quant((1.0,), 0))
    yield ir.Dense("dense", "x", "y", stored, bias, (-128, 127)), (1, *SHAPE[1:3], CHANNELS)


def graph_of(features: frozenset[str]) -> Graph:
    """Each of them in each format and fast kernel, with each strip and output zero point."""
    tensors, layers = {"x": Tensor("x", SHAPE, Quant((1.0,), 0))}, list[ir.Layer]()
    for layer, shape in plain_layers():
        for name in kernels.formats_for(layer):
            values = holdable(name, formats.unpack(layer.weights))
            for zero_point, scale in SCALES.items():
                target = Tensor("y", shape, Quant((1.0,), zero_point))
                stored = replace(layer, weights=formats.pack(name, values, Quant((scale,), 0)))
                typed = Graph("", {**tensors, "y": target}, (), (), ())
                fast = kernels.variants(stored, typed, features)[1:]
                for variant in (one for one in fast if one.weights == "flash"):
                    output = f"y{len(layers)}"
                    tensors[output] = replace(target, name=output)
                    layers.append(replace(stored, name=f"{layer.name}_{output}", output=output, variant=variant))
    return verify(plan_memory(verify(Graph("ordinary", tensors, tuple(layers), ("x",), (layers[-1].output,)))))


def inputs_of() -> Int8:
    return np.random.default_rng(1).integers(-128, 128, (SAMPLES, *SHAPE[1:])).astype(np.int8)


@pytest.mark.parametrize("name", BOARDS)
@pytest.mark.parametrize("toolchain_name", ["gcc", "zig"])
def test_ordinary_layers(name: str, toolchain_name: str, tmp_path: Path) -> None:
    board = roomy(boards.load(name))
    try:
        on = Target(board, toolchain.find(toolchain_name), "unicorn")
    except ToolMissingError as error:
        pytest.skip(error.what)
    graph, inputs = graph_of(board.features), inputs_of()
    run = emulators.run(on.emulator, compile_graph(graph, inputs[0], on, tmp_path), on.board, inputs)
    assert not wrong_layers(graph, inputs, run.layer_outputs)


def test_outputs_lie_within_their_range() -> None:
    """Of each layer at least one in four."""
    graph = graph_of(boards.load("nucleo-l4r5zi").features)
    expected = reference.run(graph, inputs_of())
    within = {layer.name: np.mean(abs(expected[layer.output] + 0.5) < 127) for layer in graph.layers}
    assert min(within.values()) > 0.25, within
