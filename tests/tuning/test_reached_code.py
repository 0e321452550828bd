"""What a function needs is read off its machine code: what it calls, and what it has the address of."""

from pathlib import Path

import numpy as np
import pytest

from tinyprune import board, formats, ir, toolchain
from tinyprune.errors import ToolMissingError
from tinyprune.ir import Graph, Padding, Quant, Tensor, Variant, Window
from tinyprune.passes.plan_memory import plan_memory
from tinyprune.passes.verify import verify
from tinyprune.pipeline import Target, compile_graph
from tinyprune.tuning.code import reached


def depthwise() -> Graph:
    """A layer whose kernel is given its tiles as an address."""
    tensors = {name: Tensor(name, (1, 5, 5, 4), Quant((1.0,), -128)) for name in "xy"}
    weights = formats.pack("dense", np.ones((1, 3, 3, 4), np.int8), Quant((2.0**-8,), 0))
    window, variant = Window((3, 3), padding=Padding(1, 1, 1, 1)), Variant("tp_depthwise_conv2d_dense_dsp_s8", 4)
    layer = ir.DepthwiseConv2D("deep", "x", "y", weights, np.zeros(4, np.int32), window, (-128, 127), variant)
    return verify(plan_memory(verify(Graph("deep", tensors, (layer,), ("x",), ("y",)))))


@pytest.mark.parametrize("toolchain_name", ["gcc", "zig"])
def test_functions_that_are_called_and_that_are_handed_on(toolchain_name: str, tmp_path: Path) -> None:
    """gcc has addresses in literals, clang makes them in two instructions."""
    try:
        on = Target(board.load("stm32f4"), toolchain.find(toolchain_name), "unicorn")
    except ToolMissingError as error:
        pytest.skip(error.what)
    elf = compile_graph(depthwise(), np.zeros((5, 5, 4), np.int8), on, tmp_path)
    found = reached(elf, "tp_layer_deep")
    assert {"tp_depthwise_conv2d_dense_dsp_s8_3_1_1", "tp_depthwise_strips", "tp_depthwise_level_ones_3"} <= set(found)
    assert found["tp_depthwise_level_ones_3"] == elf.symbols["tp_depthwise_level_ones_3"].bytes > 300
    assert not {"main", "tp_invoke", "tp_layer_deep"} & set(found)
