"""What random layers are made of: shapes, windows, weights, biases, scales; and the graph that they are added to."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from holdable import holdable
from hypothesis import strategies as st

from tinyprune import formats, ir, kernels
from tinyprune.board import ALL_FEATURES
from tinyprune.ir import Clamp, Graph, Int8, Int32, Layer, Padding, Quant, Tensor, Weighted, Window

SIZES = st.sampled_from([1, 2, 3, 4, 5, 7, 8])
CHANNELS = st.sampled_from([1, 2, 3, 4, 5, 7, 8, 13, 16, 17])
ZERO_POINTS = st.sampled_from([-128, -127, -5, 0, 3, 127]) | st.integers(-128, 127)
SPARSITIES = st.sampled_from([0.0, 0.3, 0.5, 0.8, 0.9, 1.0])
LOG2_GAINS = st.floats(0, 5) | st.floats(0, 5) | st.floats(-28, 22)  # at 0 the largest accumulator gives 128


@dataclass
class Builder:
    """Draws layers that read the model input and adds them to a graph."""

    draw: st.DrawFn
    source: Tensor
    tensors: dict[str, Tensor] = field(default_factory=dict[str, Tensor])
    layers: list[Layer] = field(default_factory=list[Layer])
    constants: dict[str, Int8] = field(default_factory=dict[str, Int8])

    def append(self, layer: Layer) -> None:
        """Adds `layer` in every format and kernel that it can run in, each with an output of its own."""
        if isinstance(layer, ir.Binary):
            self.append_binary(layer)
            return
        if not isinstance(layer, Weighted):
            self.layers.append(layer)
            return
        values, quant = formats.unpack(layer.weights), layer.weights.quant
        for format_name in kernels.formats_for(layer):
            stored = replace(layer, weights=formats.pack(format_name, holdable(format_name, values), quant))
            for variant in kernels.variants(stored, Graph("", self.tensors, (), (), ()), ALL_FEATURES):
                output = self.target(self.tensors[layer.output].shape, self.tensors[layer.output].quant)
                name = f"{layer.name}_{len(self.layers)}"
                self.layers.append(replace(stored, name=name, output=output, variant=variant))

    def append_binary(self, layer: ir.Binary) -> None:
        for variant in kernels.variants(layer, Graph("", self.tensors, (), (), ()), ALL_FEATURES):
            output = self.target(self.tensors[layer.output].shape, self.tensors[layer.output].quant)
            name = f"{layer.name}_{len(self.layers)}"
            self.layers.append(replace(layer, name=name, output=output, kernel=variant.kernel))

    def readable(self) -> list[Tensor]:
        """The input, the outputs so far, and constants."""
        names = [self.source.name, *(layer.output for layer in self.layers), *self.constants]
        return [self.tensors[name] for name in names]

    def target(self, shape: tuple[int, ...], quant: Quant | None = None) -> str:
        name = f"output {len(self.tensors)}"
        made = quant or Quant((1.0,), self.draw(ZERO_POINTS))
        self.tensors[name] = Tensor(name, shape, made)
        return name

    def name(self, kind: str) -> str:
        return f"{kind}_{len(self.layers)}"

    def random(self) -> np.random.Generator:
        return np.random.default_rng(self.draw(st.integers(0, 2**32 - 1)))

    def clamp(self) -> Clamp:
        whole = st.just((-128, 127))
        part = st.tuples(st.integers(-128, 127), st.integers(-128, 127)).map(lambda pair: (min(pair), max(pair)))
        return self.draw(whole | whole | part)

    def window(self, dilated: bool, usual: bool = False) -> Window:
        """One that fits; a usual one is 3x3 with strides of 1 or 2. Pools, which are never dilated, have less padding
        on each side than they cover."""
        size, stride, dilation, pads = [], [], [], []
        for length in self.source.shape[1:3]:
            step = self.draw(st.integers(1, 3)) if dilated else 1
            taps = 3 if usual else self.draw(st.integers(1, 4))
            reach = (taps - 1) * step + 1
            most = 2 * reach if dilated else reach - 1
            before, after = (self.draw(st.integers(0, most)) for _ in range(2))
            if length + before + after < reach:
                before = after = reach - 1
            size.append(taps)
            stride.append(self.draw(st.integers(1, 2 if usual else 3)))
            dilation.append(step)
            pads += [before, after]
        return Window(_pair(size), _pair(stride), _pair(dilation), Padding(*pads))

    def slid(self, window: Window) -> tuple[int, int]:
        return window.output(self.source.shape[1], self.source.shape[2])

    def weights(self, shape: tuple[int, ...], channel_axis: int) -> Int8:
        """Any values, or only the most extreme ones; some zero, or whole output channels."""
        random = self.random()
        worst = np.array([-128, -127, 127], np.int8)
        values = random.choice(worst, shape) if self.draw(st.booleans()) else random.integers(-128, 128, shape, np.int8)
        values[random.random(shape) < self.draw(SPARSITIES)] = 0
        if self.draw(st.booleans()):
            zeroed = random.integers(0, shape[channel_axis])
            np.moveaxis(values, channel_axis, 0)[zeroed] = 0
        return values

    def bias(self, channels: int) -> Int32:
        limit = 2 ** self.draw(st.integers(0, 13) | st.integers(0, 30))
        return self.random().integers(-limit, limit, channels, np.int32)

    def weighted(self, values: Int8, channel_axis: int, target: str) -> tuple[ir.Weights, Int32]:
        """`values` as weights whose scales send accumulators to outputs, roughly, and a bias."""
        channels = values.shape[channel_axis]
        bias = self.bias(channels)
        axes = tuple(axis for axis in range(values.ndim) if axis != channel_axis)
        worst = np.abs(bias.astype(np.int64)) + 256 * np.abs(values.astype(np.int64)).sum(axis=axes)
        count = channels if self.draw(st.booleans()) else 1
        largest = worst if count == channels else worst.max(keepdims=True)
        scales = [self.scale(int(size), target) for size in largest]
        return formats.pack("dense", values, Quant(tuple(scales), 0)), bias

    def scale(self, worst: int, target: str) -> float:
        """A weight scale for accumulators up to `worst`. None leaves int32 when it is requantized."""
        return 2 ** self.draw(LOG2_GAINS) * 128 / max(worst, 1) * self.tensors[target].scale / self.source.scale

    def power(self, low: float, high: float) -> float:
        return 2 ** self.draw(st.floats(low, high))

    def constant(self, shape: tuple[int, ...], quant: Quant) -> str:
        """The name of a new constant operand."""
        name = self.target(shape, quant)
        self.constants[name] = self.random().integers(-128, 128, shape, np.int8)
        return name


def _pair(values: list[int]) -> tuple[int, int]:
    return values[0], values[1]
