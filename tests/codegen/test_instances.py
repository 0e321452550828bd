"""Instances of kernels: layers share one where their constants are equal, and what it takes is the same everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from tinyprune import board, formats, ir, kernels, toolchain
from tinyprune.codegen import instances
from tinyprune.ir import Graph, Quant, Tensor, Variant, Window
from tinyprune.passes.plan_memory import plan_memory
from tinyprune.passes.verify import verify
from tinyprune.pipeline import Target, compile_graph
from tinyprune.tuning.code import reached

DSP = {
    "dense": "tp_conv2d_dense_dsp_s8",
    "csr": "tp_conv2d_csr_dsp_s8",
    "bsr_2x2": "tp_conv2d_bsr_2x2_dsp_s8",
    "nm_1_4": "tp_conv2d_nm_dsp_s8",
}
MOST_BYTES = 24 << 10  # of the kernels of one model


def chain(channels: Sequence[int], variants: Sequence[tuple[str, str]]) -> Graph:
    """1x1 convolutions of a 5x5 map between these numbers of channels; format and kernel of each, again and again."""
    shapes = [(1, 5, 5, count) for count in channels]
    tensors = {f"t{i}": Tensor(f"t{i}", shape, Quant((1.0,), -128)) for i, shape in enumerate(shapes)}
    graph = Graph("chain", tensors, (), ("t0",), (f"t{len(shapes) - 1}",))
    layers: list[ir.Layer] = []
    for i in range(len(shapes) - 1):
        stored, kernel = variants[i % len(variants)]
        values = np.zeros((channels[i + 1], 1, 1, channels[i]), np.int8)
        values[..., ::4] = 1
        weights, bias = formats.pack(stored, values, Quant((0.001,), 0)), np.zeros(channels[i + 1], np.int32)
        layer = ir.Conv2D(f"conv_{i}", f"t{i}", f"t{i + 1}", weights, bias, Window((1, 1)), (-128, 127))
        layers.append(replace(layer, variant=Variant(kernel, 5)))
    return replace(graph, layers=tuple(layers))


def test_layers_of_equal_constants_share_an_instance() -> None:
    found = instances.of(chain((8, 8, 8, 16, 8), [("dense", DSP["dense"])]))
    assert len(found.names) == len(found.definitions) == 2
    assert found.headers == ("tp_apart.h", "tp_conv2d_dense_dsp_s8.h")


def test_names_tell_constants_apart_and_layers_not() -> None:
    graph = chain((8, 8, 16, 8), [("dense", DSP["dense"])])
    first, second, third = (instances.name(layer, graph) for layer in graph.layers)
    assert first == second != third
    constants = kernels.kernel(graph.layers[2]).constants(graph.layers[2], graph)
    assert third == "_".join(["tp_conv2d_dense_dsp_s8", *map(str, constants)])


def test_a_kernel_without_constants_is_called_as_it_is() -> None:
    graph = chain((8, 8), [("dense", "tp_conv2d_dense_s8")])
    assert instances.of(graph) == instances.Instances(frozenset(), (), ())
    assert instances.name(graph.layers[0], graph) == "tp_conv2d_dense_s8"


def test_the_kernels_of_many_widths_stay_small(tmp_path: Path) -> None:
    """Twenty instances of four kernels, with what they share."""
    widths = range(8, 92, 4)
    graph = verify(plan_memory(verify(chain(widths, list(DSP.items())))))
    on = Target(board.load("stm32f4"), toolchain.find(), "unicorn")
    elf = compile_graph(graph, np.zeros((5, 5, widths[0]), np.int8), on, tmp_path)
    functions = {name: size for name, size in reached(elf, "tp_invoke").items() if not name.startswith("tp_layer_")}
    found = instances.of(graph)
    assert len(found.names) == len(widths) - 1 == 20 and found.names <= set(functions)
    assert sum(functions.values()) <= MOST_BYTES, functions
