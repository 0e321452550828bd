"""Instances of kernels: layers share one where their constants are equal, and what it takes is the same everywhere."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tinyprune import formats, ir, kernels
from tinyprune.codegen import instances
from tinyprune.ir import Graph, Quant, Tensor, Variant, Window


def chain(channels: tuple[int, ...], kernel: str) -> Graph:
    """1x1 convolutions of a 5x5 map between these numbers of channels."""
    shapes = [(1, 5, 5, count) for count in channels]
    tensors = {f"t{i}": Tensor(f"t{i}", shape, Quant((1.0,), -128)) for i, shape in enumerate(shapes)}
    graph = Graph("chain", tensors, (), ("t0",), (f"t{len(shapes) - 1}",))
    layers: list[ir.Layer] = []
    for i in range(len(shapes) - 1):
        values = np.ones((channels[i + 1], 1, 1, channels[i]), np.int8)
        weights, bias = formats.pack("dense", values, Quant((0.001,), 0)), np.zeros(channels[i + 1], np.int32)
        layer = ir.Conv2D(f"conv_{i}", f"t{i}", f"t{i + 1}", weights, bias, Window((1, 1)), (-128, 127))
        assert any(one.function == kernel for one in kernels.KERNELS[ir.Conv2D, "dense"])
        layers.append(replace(layer, variant=Variant(kernel, 5)))
    return replace(graph, layers=tuple(layers))


def test_layers_of_equal_constants_share_an_instance() -> None:
    found = instances.of(chain((8, 8, 8, 16, 8), "tp_conv2d_dense_dsp_s8"))
    assert len(found.names) == len(found.definitions) == 2
    assert found.headers == ("tp_apart.h", "tp_conv2d_dense_dsp_s8.h")


def test_names_tell_constants_apart_and_layers_not() -> None:
    graph = chain((8, 8, 16, 8), "tp_conv2d_dense_dsp_s8")
    first, second, third = (instances.name(layer, graph) for layer in graph.layers)
    assert first == second != third
    constants = kernels.kernel(graph.layers[2]).constants(graph.layers[2], graph)
    assert third == "_".join(["tp_conv2d_dense_dsp_s8", *map(str, constants)])


def test_a_kernel_without_constants_is_called_as_it_is() -> None:
    graph = chain((8, 8), "tp_conv2d_dense_s8")
    assert instances.of(graph) == instances.Instances(frozenset(), (), ())
    assert instances.name(graph.layers[0], graph) == "tp_conv2d_dense_s8"
