"""Kernels for cores without the DSP extension: sums as large as they may be, on this machine and on those cores."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from host import run_host
from hypothesis import given, settings
from hypothesis import strategies as st
from random_graphs import graphs
from test_kernels import BOUNDED, inputs_for, wrong_layers

from tinyprune import board as boards
from tinyprune import emulators, formats, ir, kernels, toolchain
from tinyprune.board import FEATURES
from tinyprune.errors import ToolMissingError
from tinyprune.ir import Graph, Int8, Layer, Quant, Tensor, Weighted, Window
from tinyprune.kernels import triples
from tinyprune.passes.plan_memory import plan_memory
from tinyprune.passes.verify import verify
from tinyprune.pipeline import Target, compile_graph
from tinyprune.tuning.bench import roomy

CHANNELS = 208  # 208 * 127 is more than three runs
NO_DSP = FEATURES["cortex-m0plus"]
ALL = {row.function for rows in kernels.KERNELS.values() for row in rows if row.needs == NO_DSP}
WANTED = {name for name in ALL if name.endswith(("triples_s8", "quarters_s8"))}
BOARDS = ("nucleo-g0b1re", "stm32f1")


def extreme_weights(shape: tuple[int, ...]) -> Int8:
    """Of the channels along the first axis: all 127, all -128, in turns, none but the last, none, all -127."""
    weights = np.zeros((6, *shape), np.int8)
    flat = weights.reshape(6, -1)
    flat[0], flat[1], flat[5] = 127, -128, -127
    flat[2, ::2], flat[2, 1::2] = 127, -128
    flat[3, -1] = 127
    return weights


def extreme_layers() -> Graph:
    """Each layer in each kernel without DSP: convolution of 1x1, depthwise, fully connected."""
    tensors = {"input": Tensor("input", (1, 1, 7, CHANNELS), Quant((1.0,), 0))}
    fine, coarse = Quant((2.0**-13,), 0), Quant((2.0**-9,), 0)
    bias = np.zeros(6, np.int32)
    conv = formats.pack("dense", extreme_weights((1, 1, CHANNELS)), fine)
    fully = formats.pack("dense", extreme_weights((CHANNELS,)), fine)
    deep = np.tile(extreme_weights((1, 3)).transpose(1, 2, 0), (1, 1, CHANNELS))[:, :, :CHANNELS][None]
    taps = formats.pack("dense", np.ascontiguousarray(deep), coarse)
    whole, window = (-128, 127), Window((1, 3), padding=ir.Padding(0, 0, 1, 1))
    ahead: list[tuple[Weighted, tuple[int, ...]]] = [
        (ir.Conv2D("conv", "input", "", conv, bias, Window((1, 1)), whole), (1, 1, 7, 6)),
        (ir.Dense("dense", "input", "", fully, bias, whole), (1, 7, 6)),
        (
            ir.DepthwiseConv2D("deep", "input", "", taps, np.zeros(CHANNELS, np.int32), window, whole),
            (1, 1, 7, CHANNELS),
        ),
    ]
    layers: list[Layer] = []
    for layer, shape in ahead:
        for name in sorted({"dense", "csr"} & {*kernels.formats_for(layer)}, reverse=True):
            output = f"output {len(layers)}"
            stored = replace(layer, output=output, weights=formats.pack(name, formats.unpack(layer.weights), fine))
            typed = {**tensors, output: Tensor(output, shape, Quant((1.0,), 5))}
            for one in kernels.variants(stored, Graph("", typed, (), (), ()), NO_DSP):
                if one.kernel not in WANTED:
                    continue
                output = f"output {len(layers)}"
                tensors[output] = Tensor(output, shape, Quant((1.0,), 5))
                layers.append(replace(stored, name=f"layer_{len(layers)}", output=output, variant=one))
    return Graph("extremes", tensors, tuple(layers), ("input",), (layers[-1].output,))


def extreme_inputs() -> Int8:
    """All lowest, all highest, and pixels and channels of the one beside the other."""
    inputs = np.full((4, 1, 7, CHANNELS), -128, np.int8)
    inputs[1] = 127
    inputs[2, :, ::2] = 127
    inputs[3, ..., ::2] = 127
    return inputs


def test_each_kernel_without_dsp_is_among_the_extreme_layers() -> None:
    assert {kernels.kernel(layer).function for layer in extreme_layers().layers} == WANTED
    assert len(WANTED) == 5


def test_sums_as_large_as_they_may_be() -> None:
    graph = verify(plan_memory(verify(extreme_layers())))
    inputs = extreme_inputs()
    assert not wrong_layers(graph, inputs, run_host(graph, inputs).layers)


@pytest.mark.parametrize("name", BOARDS)
@pytest.mark.parametrize("toolchain_name", ["gcc", "zig"])
def test_sums_as_large_as_they_may_be_on_the_cores(name: str, toolchain_name: str, tmp_path: Path) -> None:
    run_on_core(extreme_layers(), extreme_inputs(), name, toolchain_name, tmp_path)


@pytest.mark.parametrize("name", BOARDS)
@pytest.mark.parametrize("toolchain_name", ["gcc", "zig"])
@settings(BOUNDED, max_examples=1)
@given(data=st.data())
def test_random_layers_on_the_cores(
    name: str, toolchain_name: str, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    kinds = [ir.Conv2D, ir.DepthwiseConv2D, ir.Dense, ir.Add, ir.Sub]
    drawn = data.draw(graphs(kinds, 1).filter(lambda graph: graph.tensors["input"].bytes > 16))
    run_on_core(without_dsp(drawn), None, name, toolchain_name, tmp_path_factory.mktemp("emulated"))


def without_dsp(graph: Graph) -> Graph:
    """The layers of `graph` that run in such kernels, but those that read what the others write."""
    known, layers = {*graph.inputs, *graph.constants}, list[Layer]()
    for layer in graph.layers:
        if kernels.kernel(layer).function in ALL and known.issuperset(ir.layer_inputs(layer)):
            layers.append(layer)
            known.add(layer.output)
    return replace(graph, layers=tuple(layers), outputs=(layers[-1].output,))


def run_on_core(graph: Graph, inputs: Int8 | None, name: str, toolchain_name: str, folder: Path) -> None:
    """Every layer's output is the reference's; the core has more memory than the chip."""
    try:
        on = Target(roomy(boards.load(name)), toolchain.find(toolchain_name), "unicorn")
    except ToolMissingError as error:
        pytest.skip(error.what)
    planned = verify(plan_memory(verify(graph)))
    samples = inputs_for(planned) if inputs is None else inputs
    run = emulators.run(on.emulator, compile_graph(planned, samples[0], on, folder), on.board, samples)
    assert not wrong_layers(planned, samples, run.layer_outputs)


def test_runs_are_as_long_as_sums_allow() -> None:
    layer = extreme_layers().layers[0]
    assert isinstance(layer, Weighted)
    runs = kernels.operand(layer, extreme_layers()).arrays["runs"].astype(int) * 4
    assert runs.sum() == CHANNELS
    assert len(runs) == 4
    assert all(128 * run <= triples.LARGEST_SUM for run in runs)


def test_a_depthwise_window_beyond_one_run_is_refused() -> None:
    tensors = {name: Tensor(name, (1, 8, 8, 1), Quant((1.0,), 0)) for name in "xy"}
    window = Window((8, 8), padding=ir.Padding(4, 3, 4, 3))

    def kernels_for(weight: int) -> set[str]:
        stored = formats.pack("dense", np.full((1, 8, 8, 1), weight, np.int8), Quant((2**-9,), 0))
        layer = ir.DepthwiseConv2D("deep", "x", "y", stored, np.zeros(1, np.int32), window, (-128, 127))
        return {one.kernel for one in kernels.variants(layer, Graph("", tensors, (), (), ()), NO_DSP)}

    assert "tp_depthwise_conv2d_dense_triples_s8" in kernels_for(127)
    assert "tp_depthwise_conv2d_dense_triples_s8" not in kernels_for(-128)
