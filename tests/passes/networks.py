"""Networks with channels that can go: grown layer by layer, seeded, their values spread over int8."""

from __future__ import annotations

import pkgutil

import numpy as np
import pytest

from tinyprune import formats, ir, reference
from tinyprune.arithmetic import requantize_rounding_once
from tinyprune.ir import Clamp, Graph, Int8, Int32, Layer, Padding, Quant, Tensor, Window

WHOLE = (-128, 127)
SAME, NONE = Padding(1, 1, 1, 1), Padding()
MEAN_MAGNITUDE = 74  # root mean square of int8 values


class Network:
    """Each method appends a layer and returns the name of its output; `kill` is the share of dead things in weights."""

    def __init__(self, shape: tuple[int, ...], seed: int = 0, kill: float = 0.0, zero_point: int | None = None) -> None:
        self.random = np.random.default_rng(seed)
        self.kill = kill
        self.zero_point = zero_point
        self.tensors: dict[str, Tensor] = {}
        self.layers: list[Layer] = []
        self.constants: dict[str, Int8] = {}
        self.input = self.tensor(shape)

    def graph(self, *outputs: str) -> Graph:
        layers = tuple(self.layers)
        return Graph("network", self.tensors, layers, (self.input,), outputs, self.constants)

    def tensor(self, shape: tuple[int, ...], quant: Quant | None = None) -> str:
        name = f"t{len(self.tensors)}"
        zero_point = self.zero_point if self.zero_point is not None else int(self.random.integers(-128, 128))
        self.tensors[name] = Tensor(name, shape, quant or Quant((0.5,), zero_point))
        return name

    def constant(self, values: Int8) -> str:
        name = self.tensor(values.shape)
        self.constants[name] = values
        return name

    def shape(self, name: str) -> tuple[int, ...]:
        return self.tensors[name].shape

    def conv(
        self,
        source: str,
        weights: Int8 | int,
        bias: list[int] | None = None,
        *,
        size: int = 3,
        clamp: Clamp = WHOLE,
    ) -> str:
        """As large as its input."""
        if isinstance(weights, int):
            weights = self.weights((weights, size, size, self.shape(source)[3]), 0)
        window = Window(weights.shape[1:3], padding=SAME if weights.shape[1] == 3 else NONE)
        target = self.tensor((*self.shape(source)[:3], len(weights)))
        name, packed = self.name("conv2d"), self.packed(weights, 0)
        self.layers.append(ir.Conv2D(name, source, target, packed, self.bias(weights, 0, bias), window, clamp))
        return target

    def depthwise(self, source: str, weights: Int8 | int, bias: list[int] | None = None) -> str:
        if isinstance(weights, int):
            weights = self.weights((1, 3, 3, weights * self.shape(source)[3]), 3)
        window = Window(weights.shape[1:3], padding=SAME)
        target = self.tensor((*self.shape(source)[:3], weights.shape[3]))
        name, packed = self.name("depthwise"), self.packed(weights, 3)
        self.layers.append(ir.DepthwiseConv2D(name, source, target, packed, self.bias(weights, 3, bias), window, WHOLE))
        return target

    def dense(self, source: str, weights: Int8 | int, bias: list[int] | None = None) -> str:
        if isinstance(weights, int):
            weights = self.weights((weights, self.tensors[source].bytes), 0)
        target = self.tensor((1, len(weights)))
        packed = self.packed(weights, 0)
        self.layers.append(ir.Dense(self.name("dense"), source, target, packed, self.bias(weights, 0, bias), WHOLE))
        return target

    def add(self, a: str, b: str, clamp: Clamp = WHOLE) -> str:
        target = self.tensor(self.shape(a))
        self.layers.append(ir.Add(self.name("add"), a, b, target, clamp))
        return target

    def pool(self, kind: type[ir.MaxPool] | type[ir.AveragePool], source: str, padding: Padding = NONE) -> str:
        window = Window((2, 2), padding=padding)
        shape = (1, *window.output(*self.shape(source)[1:3]), self.shape(source)[3])
        target = self.tensor(shape, self.tensors[source].quant)
        self.layers.append(kind(self.name("pool"), source, target, window, WHOLE))
        return target

    def mean(self, source: str) -> str:
        target = self.tensor((1, self.shape(source)[3]))
        self.layers.append(ir.Mean(self.name("mean"), source, target))
        return target

    def reshape(self, source: str, shape: tuple[int, ...]) -> str:
        target = self.tensor(shape, self.tensors[source].quant)
        self.layers.append(ir.Reshape(self.name("reshape"), source, target))
        return target

    def flatten(self, source: str) -> str:
        return self.reshape(source, (1, self.tensors[source].bytes))

    def softmax(self, source: str) -> str:
        target = self.tensor(self.shape(source), Quant((1 / 256,), -128))
        self.layers.append(ir.Softmax(self.name("softmax"), source, target, 0.25))
        return target

    def name(self, kind: str) -> str:
        return f"{kind}_{len(self.layers)}"

    def weights(self, shape: tuple[int, ...], output_axis: int) -> Int8:
        """Random ones; a share of all output channels, and of all inputs of all outputs, is zero."""
        made = self.random.integers(-128, 128, shape, np.int8)
        by_output = np.moveaxis(made, output_axis, 0)
        by_output[self.random.random(shape[output_axis]) < self.kill] = 0
        if output_axis == 0:
            made[..., self.random.random(shape[-1]) < self.kill / 2] = 0
        return made

    def packed(self, weights: Int8, output_axis: int) -> ir.Weights:
        """With scales that give outputs about as large as the inputs."""
        fan_in = weights.size // weights.shape[output_axis]
        scale = self.random.uniform(0.5, 1.5, weights.shape[output_axis]) / (MEAN_MAGNITUDE * np.sqrt(fan_in))
        return formats.pack("dense", weights, Quant(tuple(scale.tolist()), 0))

    def bias(self, weights: Int8, output_axis: int, given: list[int] | None) -> Int32:
        """Some so large that their channels sit at one end of the clamp."""
        if given is not None:
            return np.array(given, np.int32)
        channels = weights.shape[output_axis]
        limit = 64 * MEAN_MAGNITUDE * np.sqrt(weights.size / channels)
        extreme = self.random.random(channels) < self.kill / 3
        scale = np.where(extreme, 1000.0, 1.0)
        return (self.random.uniform(-limit, limit, channels) * scale).astype(np.int32)


def random_network(seed: int) -> Graph:
    """A few blocks of every kind, with dead channels, constants and residual connections."""
    random = np.random.default_rng(seed)
    net = Network((1, 6, 6, int(random.integers(1, 4))), seed, kill=float(random.choice([0.2, 0.5, 0.8])))
    x = net.conv(net.input, int(random.integers(2, 8)), clamp=_clamp(random))
    for _ in range(random.integers(1, 6)):
        x = _block(net, x, random)
    x = net.mean(x) if random.random() < 0.5 else net.flatten(x)
    return net.graph(net.softmax(net.dense(net.dense(x, 5), 4)))


def _block(net: Network, x: str, random: np.random.Generator) -> str:
    match random.integers(7):
        case 0:
            return net.depthwise(x, int(random.integers(1, 4)))
        case 1:
            return net.conv(x, int(random.integers(1, 8)), clamp=_clamp(random))
        case 2:
            return net.conv(x, int(random.integers(1, 8)), size=1, clamp=_clamp(random))
        case 3:
            return net.add(x, net.conv(x, net.shape(x)[3]), _clamp(random))
        case 4:
            return net.add(net.constant(random.integers(-128, 128, net.shape(x), np.int8)), x, _clamp(random))
        case 5:
            return net.pool(ir.MaxPool, x, Padding(1, 0, 0, 1))
        case _:
            return net.pool(ir.AveragePool, x, Padding(1, 0, 0, 1))


def _clamp(random: np.random.Generator) -> Clamp:
    return WHOLE if random.random() < 0.5 else (int(random.integers(-128, 0)), int(random.integers(0, 128)))


def adversarial_inputs(graph: Graph, count: int = 8) -> Int8:
    """All lowest, all highest, all zero point, both checkers, and then random values."""
    tensor = graph.tensors[graph.inputs[0]]
    inputs = np.random.default_rng(0).integers(-128, 128, (count, *tensor.shape[1:]), np.int8)
    inputs[:3] = np.array([-128, 127, tensor.zero_point], np.int8).reshape(3, *[1] * (inputs.ndim - 1))
    checkers = np.indices(tensor.shape[1:]).sum(axis=0) % 2
    inputs[3:5] = np.where(np.stack([checkers, 1 - checkers]), 127, -128)
    return inputs


def single_rounding(patch: pytest.MonkeyPatch) -> None:
    """Makes the reference round as TFLM does when it is built with TFLITE_SINGLE_ROUNDING."""
    for found in pkgutil.iter_modules(reference.__path__):
        patch.setattr(f"tinyprune.reference.{found.name}.requantize", requantize_rounding_once, raising=False)
