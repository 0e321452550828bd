"""Weights in flash, copied into scratch, or resident in SRAM: the same outputs, and each where the plan says."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tinyprune import board as boards
from tinyprune import emulators, formats, ir, kernels, reference, toolchain
from tinyprune.board import FEATURES
from tinyprune.ir import Graph, Padding, Quant, Tensor, Variant, Window
from tinyprune.passes.plan_memory import plan_memory
from tinyprune.passes.verify import verify
from tinyprune.pipeline import Target, compile_graph
from tinyprune.tensors import WeightsPlace

ROWS = 4
WORDS_BYTES = 8 * 3 * 3 * 8


@pytest.fixture
def graph() -> Graph:
    """3x3, 8 to 8 channels: 288 bytes of words for each four."""
    random = np.random.default_rng(0)
    tensors = {name: Tensor(name, (1, 6, 6, 8), Quant((1.0,), 3)) for name in "xy"}
    weights = formats.pack("dense", random.integers(-127, 128, (8, 3, 3, 8), np.int8), Quant((1e-3,), 0))
    window = Window((3, 3), padding=Padding(1, 1, 1, 1))
    layer = ir.Conv2D("conv", "x", "y", weights, np.arange(8, dtype=np.int32), window, (-128, 127))
    return Graph("model", tensors, (layer,), ("x",), ("y",))


def placed(graph: Graph, place: WeightsPlace) -> Graph:
    (layer,) = graph.layers
    assert isinstance(layer, ir.Conv2D)
    return replace(graph, layers=(replace(layer, variant=Variant("tp_conv2d_dense_dsp_s8", ROWS, place)),))


def test_all_places_are_candidates(graph: Graph) -> None:
    (layer,) = graph.layers
    assert isinstance(layer, ir.Conv2D)
    variants = kernels.variants(layer, graph, FEATURES["cortex-m4f"])
    assert variants[0] == Variant("tp_conv2d_dense_s8")
    assert {one.weights for one in variants if one.kernel == "tp_conv2d_dense_dsp_s8"} == {"flash", "buffer", "sram"}


def test_a_buffer_is_scratch_for_four_channels(graph: Graph) -> None:
    flash, buffer = (placed(graph, "flash"), placed(graph, "buffer"))
    extra = kernels.scratch_bytes(buffer.layers[0], buffer) - kernels.scratch_bytes(flash.layers[0], flash)
    assert extra == WORDS_BYTES // 2
    assert kernels.resident_bytes(buffer) == kernels.resident_bytes(flash) == 0


@pytest.mark.parametrize("place", ["flash", "buffer", "sram"])
def test_the_image(place: WeightsPlace, graph: Graph, tmp_path: Path) -> None:
    """Of a board with a slow flash: what lies where, and is counted wherever it lies."""
    on = Target(boards.load("nucleo-l4r5zi"), toolchain.find("gcc"), "unicorn")
    built = verify(plan_memory(verify(placed(graph, place))))
    inputs = np.random.default_rng(1).integers(-128, 128, (2, 6, 6, 8), np.int8)
    elf = compile_graph(built, inputs[0], on, tmp_path)
    sram, symbol = on.board.sram, elf.symbols["conv_halves"]
    assert (symbol.address in range(sram.origin, sram.origin + sram.bytes)) == (place == "sram")
    assert kernels.resident_bytes(built) == (WORDS_BYTES if place == "sram" else 0)
    assert WORDS_BYTES <= toolchain.memory_use(elf, on.board).flash.weights < 2 * WORDS_BYTES
    run = emulators.run(on.emulator, elf, on.board, inputs)
    np.testing.assert_array_equal(
        run.outputs.reshape(inputs.shape), reference.output(built, inputs).reshape(inputs.shape)
    )
