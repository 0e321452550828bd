"""Small valid graphs for the tests of passes."""

import numpy as np

from tinyprune import formats, ir, kernels
from tinyprune.ir import (
    Add,
    AveragePool,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    Graph,
    Int8,
    Layer,
    MaxPool,
    Mean,
    Padding,
    Quant,
    Reshape,
    Softmax,
    Tensor,
    Window,
)
from tinyprune.passes.candidates import candidates, with_candidates

WHOLE = (-128, 127)
QUANT = Quant((0.5,), 3)


def values(shape: tuple[int, ...], seed: int, sparsity: float = 0.0) -> Int8:
    random = np.random.default_rng(seed)
    made = random.integers(-128, 128, shape, np.int8)
    made[random.random(shape) < sparsity] = 0
    return made


def dense(name: str, source: str, target: str, weights: Int8, scales: tuple[float, ...] = (0.25,)) -> Dense:
    packed = formats.pack("dense", weights, Quant(scales, 0))
    return Dense(name, source, target, packed, np.zeros(len(weights), np.int32), WHOLE)


def tensors(**shapes: tuple[int, ...]) -> dict[str, Tensor]:
    return {name: Tensor(name, shape, QUANT) for name, shape in shapes.items()}


def every_operator() -> Graph:
    """One layer of each kind, in a chain with one residual connection."""
    conv = formats.pack("dense", values((3, 3, 3, 2), 1, sparsity=0.9), Quant((0.1, 0.2, 0.3), 0))
    depthwise = formats.pack("dense", values((1, 3, 3, 3), 2, sparsity=0.9), Quant((0.1, 0.2, 0.3), 0))
    same = Window((3, 3), padding=Padding(1, 1, 1, 1))
    halved = Window((2, 2), stride=(2, 2))
    bias = np.arange(3, dtype=np.int32)
    layers: tuple[Layer, ...] = (
        Conv2D("conv2d_0", "x", "a", conv, bias, same, (3, 127)),
        DepthwiseConv2D("depthwise_1", "a", "b", depthwise, bias, same, WHOLE),
        Add("add_2", "a", "b", "c", (-100, 100)),
        MaxPool("max_pool_3", "c", "d", halved, WHOLE),
        AveragePool("average_pool_4", "d", "e", halved, WHOLE),
        Reshape("reshape_5", "e", "f"),
        dense("dense_6", "f", "g", values((4, 12), 3)),
        Softmax("softmax_7", "g", "y", 1.0),
        Mean("mean_8", "c", "m"),
    )
    named = tensors(
        x=(1, 8, 8, 2),
        a=(1, 8, 8, 3),
        b=(1, 8, 8, 3),
        c=(1, 8, 8, 3),
        d=(1, 4, 4, 3),
        e=(1, 2, 2, 3),
        f=(1, 12),
        g=(1, 4),
        m=(1, 3),
    )
    named["y"] = Tensor("y", (1, 4), Quant((1 / 256,), -128))
    return Graph("every operator", named, layers, ("x",), ("y",))


def two_dense(first: Int8, second: Int8) -> Graph:
    """x -> layer one -> h -> layer two -> y."""
    named = tensors(x=(1, first.shape[1]), h=(1, len(first)), y=(1, len(second)))
    layers = (dense("one", "x", "h", first), dense("two", "h", "y", second))
    return Graph("two", named, layers, ("x",), ("y",))


def in_format(graph: Graph, name: str) -> Graph:
    """Every layer that can run in that format in it, by the plain kernel."""
    layers = [layer for layer in graph.layers if isinstance(layer, ir.Weighted)]
    chosen = {layer.name: candidates(layer, graph, frozenset(), name)[0] for layer in layers}
    asked = {one.name: name in kernels.formats_for(one) for one in layers}
    reasons = {
        one.name: f"{name} was asked for" if asked[one.name] else f"{ir.op_name(one)} has no {name} kernel"
        for one in layers
    }
    return with_candidates(graph, chosen, reasons)
