"""Sparse convolutions where accumulators are as large as their kernels may have them, and where they are larger."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from holdable import holdable
from host import run_host

from tinyprune import board as boards
from tinyprune import emulators, formats, ir, kernels, reference, toolchain
from tinyprune.board import ALL_FEATURES
from tinyprune.errors import ToolMissingError
from tinyprune.ir import Conv2D, Graph, Int8, Quant, Tensor, Window
from tinyprune.passes.plan_memory import plan_memory
from tinyprune.passes.verify import verify
from tinyprune.pipeline import Target, compile_graph

CHANNELS = 64
KINDS = {
    "csr": "tp_conv2d_csr_dsp_s8",
    "bsr_2x2": "tp_conv2d_bsr_2x2_dsp_s8",
    "nm_1_4": "tp_conv2d_nm_dsp_s8",
    "nm_2_4": "tp_conv2d_nm_dsp_s8",
    "nm_4_8": "tp_conv2d_nm_dsp_s8",
}
BITS = 23  # of an accumulator, at most
STEEP, FLAT = 2.0**-5.5, 2.0**-17  # scales: with an output zero point of -128 at a common shift; not


def extreme_graph(name: str, bias: int, zero_point: int = -128, scale: float = FLAT) -> Graph:
    """1x1 over one row of nine pixels, in each variant. The weights of an output are all 127, all -127, both in turns,
    or all zero but one, as far as the format holds them; the first has the largest accumulators."""
    weights = np.full((4, 1, 1, CHANNELS), 127, np.int8)
    weights[1] = -127
    weights[2, ..., ::2] = -127
    weights[3] = 0
    weights[3, ..., -1] = 127
    weights = holdable(name, weights)
    biases = np.array([bias, -bias, 0, 0], np.int32)
    tensors = {"input": Tensor("input", (1, 1, 9, CHANNELS), Quant((1.0,), 0))}
    stored = formats.pack(name, weights, Quant((scale,), 0))
    layer = Conv2D("conv", "input", "output", stored, biases, Window((1, 1)), (-128, 127))
    layers: list[ir.Layer] = []
    shape = (1, 1, 9, 4)
    typed = Graph("", {**tensors, "output": Tensor("output", shape, Quant((1.0,), zero_point))}, (), (), ())
    for one in kernels.variants(layer, typed, ALL_FEATURES):
        tensors[f"output {len(layers)}"] = Tensor(f"output {len(layers)}", shape, Quant((1.0,), zero_point))
        output = f"output {len(layers)}"
        layers.append(replace(layer, name=f"conv_{len(layers)}", output=output, variant=one))
    return Graph("extremes", tensors, tuple(layers), ("input",), (layers[-1].output,))


def largest_bias(name: str) -> int:
    """The bias of the largest accumulator that the kernel of a format takes."""
    weights = np.count_nonzero(holdable(name, np.ones((1, CHANNELS), np.int8)))
    return (1 << BITS) - 1 - 128 * 127 * weights


def extreme_inputs() -> Int8:
    """All lowest, all highest, and rows where neighbours, which share words, are the one and the other."""
    inputs = np.full((4, 1, 9, CHANNELS), -128, np.int8)
    inputs[1] = 127
    inputs[2, :, ::2] = 127
    inputs[3, :, 4:] = 127
    return inputs


def kernels_of(graph: Graph) -> set[str]:
    return {kernels.kernel(layer).function for layer in graph.layers}


@pytest.mark.parametrize("name", KINDS)
def test_the_bound_is_where_the_kernel_says(name: str) -> None:
    assert KINDS[name] in kernels_of(extreme_graph(name, largest_bias(name)))
    assert KINDS[name] not in kernels_of(extreme_graph(name, largest_bias(name) + 1))
    assert KINDS[name] not in kernels_of(extreme_graph(name, -largest_bias(name) - 1))


@pytest.mark.parametrize(("zero_point", "scale"), [(-128, STEEP), (-128, FLAT), (-127, FLAT), (127, FLAT)])
@pytest.mark.parametrize("name", KINDS)
def test_on_this_machine(name: str, zero_point: int, scale: float) -> None:
    graph = verify(plan_memory(verify(extreme_graph(name, largest_bias(name), zero_point, scale))))
    inputs = extreme_inputs()
    expected = reference.run(graph, inputs)
    layers = run_host(graph, inputs).layers
    assert all(np.array_equal(layers[layer.name], expected[layer.output]) for layer in graph.layers)


@pytest.mark.parametrize("name", KINDS)
def test_both_ways_to_requantize_are_among_them(name: str) -> None:
    """The second constant of these kernels."""
    for scale, is_level in ((STEEP, 1), (FLAT, 0)):
        graph = extreme_graph(name, largest_bias(name), scale=scale)
        layers = [layer for layer in graph.layers if kernels.kernel(layer).function == KINDS[name]]
        assert {kernels.kernel(layer).constants(layer, graph)[1] for layer in layers} == {is_level}


@pytest.mark.parametrize(("zero_point", "scale"), [(-128, STEEP), (-128, FLAT), (0, FLAT)])
@pytest.mark.parametrize("toolchain_name", ["gcc", "zig"])
@pytest.mark.parametrize("name", KINDS)
def test_in_the_emulator(name: str, toolchain_name: str, zero_point: int, scale: float, tmp_path: Path) -> None:
    try:
        on = Target(boards.load("stm32f4"), toolchain.find(toolchain_name), "unicorn")
    except ToolMissingError as error:
        pytest.skip(error.what)
    graph = verify(plan_memory(verify(extreme_graph(name, largest_bias(name), zero_point, scale))))
    inputs = extreme_inputs()
    run = emulators.run(on.emulator, compile_graph(graph, inputs[0], on, tmp_path), on.board, inputs)
    expected = reference.run(graph, inputs)
    for layer in graph.layers:
        np.testing.assert_array_equal(run.layer_outputs[layer.name].reshape(-1), expected[layer.output].reshape(-1))


def test_2x2_blocks_with_a_lowest_weight_above_a_negative_one_are_refused() -> None:
    """256 * -128 + b leaves int16 for a negative b."""
    graph = extreme_graph("bsr_2x2", 0)
    layer = graph.layers[-1]
    assert isinstance(layer, Conv2D)
    values = formats.unpack(layer.weights).copy()
    values[0, ..., 5] = -128

    def functions(below: int) -> set[str]:
        values[1, ..., 5] = below
        stored = replace(layer, weights=formats.pack("bsr_2x2", values, layer.weights.quant))
        return {one.kernel for one in kernels.variants(stored, graph, ALL_FEATURES)}

    assert "tp_conv2d_bsr_2x2_dsp_s8" in functions(0)
    assert "tp_conv2d_bsr_2x2_dsp_s8" not in functions(-1)
