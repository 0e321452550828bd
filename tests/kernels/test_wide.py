"""Pairs of a depthwise and a 1x1 convolution whose tensor between them is stored as int16."""

from pathlib import Path

import numpy as np
import pytest
from host import run_host
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tinyprune import board as boards
from tinyprune import emulators, formats, ir, kernels, reference, toolchain
from tinyprune.errors import ToolMissingError
from tinyprune.ir import Clamp, Graph, Int8, Padding, Quant, Tensor, Variant, Window
from tinyprune.passes.verify import verify
from tinyprune.passes.widen import widen
from tinyprune.pipeline import Target, compile_graph
from tinyprune.tensors import WeightsPlace

DEPTHWISE, CONV = "tp_depthwise_conv2d_dense_dsp", "tp_conv2d_dense_dsp"
PAIRS = 10  # in one image
BOUNDED = settings(
    max_examples=2,
    derandomize=True,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@st.composite
def pairs(draw: st.DrawFn) -> Graph:
    """Many pairs, all of which read the input: odd and even sizes and channels, any padding and stride."""
    shape = (1, draw(st.integers(3, 9)), draw(st.integers(3, 9)), draw(st.sampled_from([1, 2, 3, 4, 5, 8, 13, 16])))
    tensors = {"x": Tensor("x", shape, Quant((1.0,), draw(st.sampled_from([-128, 0, 5]))))}
    layers: list[ir.Layer] = []
    for number in range(PAIRS):
        stride = draw(st.sampled_from([(1, 1), (2, 2)]))
        padding = Padding(*(draw(st.integers(0, 2)) for _ in range(4)))
        window = Window((3, 3), stride, padding=padding)
        channels = draw(st.sampled_from([1, 3, 4, 6, 8]))
        rows, place = draw(st.sampled_from([4, 8])), draw(st.sampled_from(["flash", "buffer", "sram"]))
        points = draw(st.integers(-128, 127)), draw(st.sampled_from([-128, 3]))
        seed = draw(st.integers(0, 2**32 - 1))
        made = pair(number, tensors["x"], window, channels, (rows, place), points, seed)
        tensors |= {tensor.name: tensor for tensor in made[0]}
        layers += made[1]
    return Graph("pairs", tensors, tuple(layers), ("x",), tuple(layer.output for layer in layers[1::2]))


def pair(
    number: int,
    source: Tensor,
    window: Window,
    channels: int,
    variant: tuple[int, WeightsPlace],
    zero_points: tuple[int, int],
    seed: int,
    clamps: tuple[Clamp, Clamp] = ((-128, 127), (-128, 127)),
) -> tuple[list[Tensor], list[ir.Layer]]:
    """A depthwise and a 1x1 convolution with random weights, whose outputs spread over the range of int8."""
    random, inputs, (rows, place) = np.random.default_rng(seed), source.shape[3], variant
    between = (1, *window.output(source.shape[1], source.shape[2]), inputs)
    tensors = [
        Tensor(f"d{number}", between, Quant((1.0,), zero_points[0])),
        Tensor(f"y{number}", (*between[:3], channels), Quant((1.0,), zero_points[1])),
    ]

    def weights(*shape: int) -> ir.Weights:
        return formats.pack("dense", random.integers(-127, 128, shape, np.int8), Quant((2.0**-12,), 0))

    first = ir.DepthwiseConv2D(
        name=f"depthwise_{number}",
        input=source.name,
        output=f"d{number}",
        weights=weights(1, 3, 3, inputs),
        bias=random.integers(-(2**12), 2**12, inputs, np.int32),
        window=window,
        clamp=clamps[0],
        variant=Variant(f"{DEPTHWISE}_s8", rows, "flash"),
    )
    second = ir.Conv2D(
        name=f"conv_{number}",
        input=f"d{number}",
        output=f"y{number}",
        weights=weights(channels, 1, 1, inputs),
        bias=random.integers(-(2**12), 2**12, channels, np.int32),
        window=Window((1, 1)),
        clamp=clamps[1],
        variant=Variant(f"{CONV}_s8", 4, place),
    )
    return tensors, [first, second]


def always(graph: Graph) -> bool:
    return True


def wide(graph: Graph) -> Graph:
    made = verify(widen(verify(graph), always))
    assert all(made.tensors[layer.output].wide for layer in made.layers[0::2])
    assert {kernels.kernel(layer).function for layer in made.layers} == {f"{DEPTHWISE}_wide_s8", f"{CONV}_wide_s8"}
    return made


def inputs_for(graph: Graph) -> Int8:
    shape = graph.tensors["x"].shape
    ends = [np.full(shape, value, np.int8) for value in (-128, 127)]
    return np.concatenate([*ends, np.random.default_rng(0).integers(-128, 128, (3, *shape[1:]), np.int8)])


@BOUNDED
@given(graph=pairs())
def test_a_pair_on_this_machine(graph: Graph) -> None:
    """Under sanitizers: a tile reads beyond the last pixel, not beyond the tensor."""
    made, inputs = wide(graph), inputs_for(graph)
    expected, actual = reference.run(graph, inputs), run_host(made, inputs)
    for layer in made.layers:
        np.testing.assert_array_equal(actual.layers[layer.name], expected[layer.output], layer.name)


@pytest.mark.parametrize("toolchain_name", ["gcc", "zig"])
@settings(BOUNDED, max_examples=1)
@given(graph=pairs())
def test_a_pair_in_the_emulator(toolchain_name: str, graph: Graph, tmp_path_factory: pytest.TempPathFactory) -> None:
    try:
        on = Target(boards.load("stm32f4"), toolchain.find(toolchain_name), "unicorn")
    except ToolMissingError as error:
        pytest.skip(error.what)
    made, inputs = wide(graph), inputs_for(graph)
    folder: Path = tmp_path_factory.mktemp("wide")
    run = emulators.run(on.emulator, compile_graph(made, inputs[0], on, folder), on.board, inputs)
    expected = reference.run(graph, inputs)
    for layer in made.layers:
        tensor = made.tensors[layer.output]
        values = tensor.values(run.layer_outputs[layer.name])
        np.testing.assert_array_equal(values, expected[tensor.name].reshape(len(inputs), -1), layer.name)
