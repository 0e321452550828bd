"""The one intermediate representation: a `Graph` of layers in execution order, and what they are made of.

What a pass decides is stored here (the sparse format of a layer *is* the type of its weights, the memory plan *is*
`graph.arena`), never in a side table. `verify` states what a valid graph is; `dump` prints one as stable text.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from tinyprune.stateful import Lstm as Lstm
from tinyprune.stateful import State, layer_states, stateful_macs
from tinyprune.stateful import Stateful as Stateful
from tinyprune.stateful import Svdf as Svdf
from tinyprune.tensors import PLAIN as PLAIN
from tinyprune.tensors import Clamp as Clamp
from tinyprune.tensors import Int8 as Int8
from tinyprune.tensors import Int32 as Int32
from tinyprune.tensors import Padding as Padding
from tinyprune.tensors import Quant as Quant
from tinyprune.tensors import Tensor as Tensor
from tinyprune.tensors import Variant as Variant
from tinyprune.tensors import Weights as Weights
from tinyprune.tensors import Window as Window


@dataclass(frozen=True, eq=False)
class Convolution:
    name: str
    input: str
    output: str
    weights: Weights  # OHWI; 1HWO where depthwise
    bias: Int32  # (O,)
    window: Window
    clamp: Clamp
    variant: Variant = PLAIN


class Conv2D(Convolution):
    """Each output channel reads every input channel."""


class DepthwiseConv2D(Convolution):
    """Output channel o reads input channel o // multiplier."""


class TransposeConv2D(Convolution):
    """The gradient of a convolution: `window` slides over the output, and each input adds to the outputs it covers."""


@dataclass(frozen=True, eq=False)
class Dense:
    """A fully connected layer over the flattened input."""

    name: str
    input: str
    output: str
    weights: Weights  # (O, I)
    bias: Int32  # (O,)
    clamp: Clamp
    variant: Variant = PLAIN


@dataclass(frozen=True)
class Binary:
    """Element by element of two inputs; their shapes are aligned at the last axis, and a size of 1 repeats."""

    name: str
    input: str
    other: str
    output: str
    clamp: Clamp
    kernel: str = ""  # the C function; "": the plain one


class Add(Binary):
    """input + other."""


class Sub(Binary):
    """input - other."""


class Mul(Binary):
    """input * other."""


class Maximum(Binary):
    """The larger; all three tensors have one scale and zero point."""


class Minimum(Binary):
    """The smaller; all three tensors have one scale and zero point."""


class Prelu(Binary):
    """input where it is not negative, input * other elsewhere."""


@dataclass(frozen=True)
class Pool:
    name: str
    input: str
    output: str
    window: Window
    clamp: Clamp


class MaxPool(Pool):
    """The largest value inside the input."""


class AveragePool(Pool):
    """The mean of the values inside the input."""


@dataclass(frozen=True)
class Reduce:
    """Over `axes`, which are in order and leave out the batch."""

    name: str
    input: str
    output: str
    axes: tuple[int, ...] = (1, 2)


class Mean(Reduce):
    """The mean."""


class Sum(Reduce):
    """The sum."""


@dataclass(frozen=True)
class Reshape:
    name: str
    input: str
    output: str


@dataclass(frozen=True)
class BlockCopy:
    """output[output_offset + i . output_strides] = input[input_offset + i . input_strides] for all i of `shape`."""

    source: int  # which of the layer's inputs; offsets and strides count elements
    shape: tuple[int, ...]
    input_offset: int
    input_strides: tuple[int, ...]
    output_offset: int
    output_strides: tuple[int, ...]


@dataclass(frozen=True)
class Move:
    """Values moved, none computed: block copies over an output that is `fill` where no copy writes."""

    name: str
    inputs: tuple[str, ...]
    output: str
    copies: tuple[BlockCopy, ...]
    fill: int | None = None  # None: the copies write every element

    @property
    def input(self) -> str:
        return self.inputs[0]


@dataclass(frozen=True)
class ResizeNearest:
    """output[y][x] = input[rows[y]][columns[x]], all channels."""

    name: str
    input: str
    output: str
    rows: tuple[int, ...]
    columns: tuple[int, ...]


@dataclass(frozen=True)
class Softmax:
    """Over the last axis."""

    name: str
    input: str
    output: str
    beta: float


@dataclass(frozen=True, eq=False)
class Lut:
    """Any function of one value: output = table[input + 128]. `kind` is the operator that it computes."""

    name: str
    input: str
    output: str
    kind: str
    table: Int8  # (256,)


@dataclass(frozen=True)
class BatchMatMul:
    """Products of matrices, the last two axes of `input` and `other`; `adj_x` and `adj_y` transpose one first."""

    name: str
    input: str
    other: str
    output: str
    adj_x: bool
    adj_y: bool


Weighted: TypeAlias = Conv2D | DepthwiseConv2D | TransposeConv2D | Dense
Stateless: TypeAlias = (
    Weighted | Binary | BatchMatMul | MaxPool | AveragePool | Reduce | Reshape | Softmax | Lut | Move | ResizeNearest
)
Layer: TypeAlias = Stateless | Stateful


@dataclass(frozen=True)
class Placement:
    """A byte range of the arena."""

    offset: int
    bytes: int

    @property
    def end(self) -> int:
        return self.offset + self.bytes


@dataclass(frozen=True)
class Arena:
    """The memory plan: where each activation lies, and each layer's scratch (by layer name).

    `activation_bytes` is what the activations alone would take; scratch may add to it.
    """

    bytes: int
    activation_bytes: int
    tensors: Mapping[str, Placement]
    scratch: Mapping[str, Placement]


@dataclass(frozen=True, eq=False)
class Graph:
    name: str
    tensors: Mapping[str, Tensor]
    layers: tuple[Layer, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    constants: Mapping[str, Int8] = field(default_factory=dict[str, Int8])  # activations that never change, by tensor
    arena: Arena | None = None
    float_edges: frozenset[str] = frozenset()  # inputs and outputs that are floats in the model; the caller quantizes


def layer_inputs(layer: Layer) -> tuple[str, ...]:
    """The activations that `layer` reads."""
    if isinstance(layer, Move):
        return layer.inputs
    return (layer.input, layer.other) if isinstance(layer, (Binary, BatchMatMul)) else (layer.input,)


def states(graph: Graph) -> tuple[State, ...]:
    """What the whole model remembers."""
    return tuple(state for layer in graph.layers if isinstance(layer, Stateful) for state in layer_states(layer))


def op_name(layer: Layer) -> str:
    return type(layer).__name__


def macs(layer: Layer, graph: Graph) -> int:
    """Dense-equivalent multiply-accumulates of one inference; 0 for operators that have none."""
    match layer:
        case Conv2D() | DepthwiseConv2D():
            _, height, width, channels = graph.tensors[layer.output].shape
            per_channel = math.prod(layer.weights.shape[1:])
            if isinstance(layer, DepthwiseConv2D):
                per_channel = layer.window.size[0] * layer.window.size[1]
            return height * width * channels * per_channel
        case TransposeConv2D():
            return math.prod(graph.tensors[layer.input].shape[1:3]) * math.prod(layer.weights.shape)
        case BatchMatMul():
            depth = graph.tensors[layer.input].shape[-2 if layer.adj_x else -1]
            return graph.tensors[layer.output].size * depth
        case Dense():
            return layer.weights.shape[0] * layer.weights.shape[1] * rows(layer, graph)
        case Lstm() | Svdf():
            return stateful_macs(layer)
        case Binary() | MaxPool() | AveragePool() | Reduce() | Reshape() | Softmax() | Lut() | Move() | ResizeNearest():
            return 0


def rows(layer: Dense, graph: Graph) -> int:
    """How many input vectors a dense layer maps: more than one where its input has further dimensions."""
    return graph.tensors[layer.input].size // layer.weights.shape[1]
