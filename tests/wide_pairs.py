"""Pairs of a depthwise and a 1x1 convolution, and how their tensor between them becomes wide."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

from tinyprune import formats, ir
from tinyprune.ir import Clamp, Graph, Int8, Layer, Padding, Quant, Tensor, Variant, Window
from tinyprune.passes.verify import verify
from tinyprune.passes.widen import widen
from tinyprune.tensors import WeightsPlace

DEPTHWISE, CONV = "tp_depthwise_conv2d_dense_dsp", "tp_conv2d_dense_dsp"
WHOLE = (-128, 127)
SAME, POINT = Window((3, 3), padding=Padding(1, 1, 1, 1)), Window((1, 1))
PAIRS = 10  # in one graph


@dataclass(frozen=True)
class Pair:
    """What is drawn of one, or set by a test; the weights are random, the outputs spread over the range of int8."""

    outputs: int = 6
    window: Window = SAME
    second: Window = POINT
    rows: int = 4
    place: WeightsPlace = "flash"
    zero_points: tuple[int, int] = (-128, 3)
    clamp: Clamp = WHOLE
    scale: float = 2.0**-12
    seed: int = 0


def pair_graph(shape: tuple[int, ...], pairs: list[Pair], zero_point: int = 0) -> Graph:
    """All pairs read the input; the output of each is one of the model."""
    source = Tensor("x", shape, Quant((1.0,), zero_point))
    tensors, layers = {"x": source}, list[Layer]()
    for number, one in enumerate(pairs):
        made, of_pair = _pair(number, source, one)
        tensors |= {tensor.name: tensor for tensor in made}
        layers += of_pair
    return Graph("pairs", tensors, tuple(layers), ("x",), tuple(layer.output for layer in layers[1::2]))


def _pair(number: int, source: Tensor, one: Pair) -> tuple[list[Tensor], list[Layer]]:
    random, inputs = np.random.default_rng(one.seed), source.shape[3]
    between = (1, *one.window.output(source.shape[1], source.shape[2]), inputs)
    after = (1, *one.second.output(between[1], between[2]), one.outputs)
    tensors = [
        Tensor(f"{name}{number}", shape, Quant((1.0,), zero_point))
        for name, shape, zero_point in zip("dy", (between, after), one.zero_points, strict=True)
    ]

    def weights(*shape: int) -> ir.Weights:
        return formats.pack("dense", random.integers(-127, 128, shape, np.int8), Quant((one.scale,), 0))

    def bias(channels: int) -> ir.Int32:
        return random.integers(-(2**12), 2**12, channels, np.int32)

    first = ir.DepthwiseConv2D(
        name=f"depthwise_{number}",
        input="x",
        output=f"d{number}",
        weights=weights(1, 3, 3, inputs),
        bias=bias(inputs),
        window=one.window,
        clamp=one.clamp,
        variant=Variant(f"{DEPTHWISE}_s8", one.rows),
    )
    second = ir.Conv2D(
        name=f"conv_{number}",
        input=f"d{number}",
        output=f"y{number}",
        weights=weights(one.outputs, *one.second.size, inputs),
        bias=bias(one.outputs),
        window=one.second,
        clamp=WHOLE,
        variant=Variant(f"{CONV}_s8", 1, one.place),
    )
    return tensors, [first, second]


@st.composite
def pair_graphs(draw: st.DrawFn) -> Graph:
    """Odd and even sizes and channels, any padding, both strides."""
    sizes = st.integers(3, 9)
    shape = (1, draw(sizes), draw(sizes), draw(st.sampled_from([1, 2, 3, 4, 5, 8, 13, 16])))
    pairs = [draw(_pairs()) for _ in range(PAIRS)]
    return pair_graph(shape, pairs, draw(st.sampled_from([-128, 0, 5])))


@st.composite
def _pairs(draw: st.DrawFn) -> Pair:
    stride = draw(st.sampled_from([(1, 1), (2, 2)]))
    return Pair(
        outputs=draw(st.sampled_from([1, 3, 4, 6, 8])),
        window=Window((3, 3), stride, padding=Padding(*(draw(st.integers(0, 2)) for _ in range(4)))),
        rows=draw(st.sampled_from([4, 8])),
        place=draw(st.sampled_from(["flash", "buffer", "sram"])),
        zero_points=(draw(st.integers(-128, 127)), draw(st.sampled_from([-128, 3]))),
        seed=draw(st.integers(0, 2**32 - 1)),
    )


def always(graph: Graph) -> bool:
    return True


def wide(graph: Graph) -> Graph:
    """All that can be."""
    return verify(widen(verify(graph), always))


def inputs_for(graph: Graph) -> Int8:
    shape = graph.tensors["x"].shape
    ends = [np.full(shape, value, np.int8) for value in (-128, 127)]
    return np.concatenate([*ends, np.random.default_rng(0).integers(-128, 128, (3, *shape[1:]), np.int8)])
