"""Windows of one pixel: nothing is gathered where each output reads the pixel of its own number, but only there."""

from dataclasses import replace

import numpy as np
import pytest
from holdable import holdable
from host import run_host
from test_kernels import inputs_for, wrong_layers

from tinyprune import formats, ir, kernels
from tinyprune.board import ALL_FEATURES
from tinyprune.ir import Graph, Padding, Quant, Tensor, Window
from tinyprune.passes.plan_memory import plan_memory
from tinyprune.passes.verify import verify

SIZE, CHANNELS, OUTPUTS = (3, 3), 8, 4
FORMATS = [name for (kind, name), rows in kernels.KERNELS.items() if kind is ir.Conv2D and len(rows) > 1]
WINDOWS = (
    Window((1, 1)),
    Window((1, 1), (2, 2), padding=Padding(1, 1, 1, 1)),
    Window((1, 1), (2, 2), padding=Padding(0, 2, 2, 0)),
    Window((1, 1), (1, 2), padding=Padding(0, 0, 1, 1)),
)
QUANT = Quant((1.0,), -128)


def variants(name: str, window: Window) -> list[ir.Conv2D]:
    """A layer in each of its variants in a format."""
    values = np.random.default_rng(0).integers(-127, 128, (OUTPUTS, 1, 1, CHANNELS)).astype(np.int8)
    stored = formats.pack(name, holdable(name, values), Quant((2.0**-9,), 0))
    layer = ir.Conv2D("conv", "input", "output", stored, np.zeros(OUTPUTS, np.int32), window, (-128, 127))
    tensors = {"input": Tensor("input", (1, *SIZE, CHANNELS), QUANT)}
    tensors["output"] = Tensor("output", (1, *window.output(*SIZE), OUTPUTS), QUANT)
    found = kernels.variants(layer, Graph("", tensors, (), (), ()), ALL_FEATURES)
    return [replace(layer, variant=one) for one in found]


@pytest.mark.parametrize("name", FORMATS)
def test_as_many_outputs_as_inputs(name: str) -> None:
    found = [layer for window in WINDOWS for layer in variants(name, window)]
    layers = [replace(layer, name=f"conv_{i}", output=f"output_{i}") for i, layer in enumerate(found)]
    tensors = {layer.output: Tensor(layer.output, (1, *SIZE, OUTPUTS), QUANT) for layer in layers}
    tensors["input"] = Tensor("input", (1, *SIZE, CHANNELS), QUANT)
    graph = Graph("pointwise", tensors, tuple(layers), ("input",), (layers[-1].output,))
    planned, inputs = verify(plan_memory(verify(graph))), inputs_for(graph)
    assert not wrong_layers(planned, inputs, run_host(planned, inputs).layers)
