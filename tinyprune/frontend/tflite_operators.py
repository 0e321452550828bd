"""One builder an operator: what the file says of it, checked, as a layer of the graph."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tinyprune import formats, ir
from tinyprune.arithmetic import quantize_clamp
from tinyprune.errors import UnsupportedModelError
from tinyprune.frontend.tflite_file import FileOperator, FileTensor, Option
from tinyprune.ir import Clamp, Int8, Int32, Layer, Padding, Quant, Tensor, Window

ACTIVATIONS = {0: (-np.inf, np.inf), 1: (0.0, np.inf), 2: (-1.0, 1.0), 3: (0.0, 6.0)}  # NONE, RELU, RELU_N1_TO_1, RELU6
SAME, VALID = 0, 1


@dataclass(frozen=True, eq=False)
class Source:
    """One operator of the file, with what a builder asks of it."""

    model: str
    number: int
    operator: FileOperator
    file_tensors: tuple[FileTensor, ...]
    activations: Mapping[int, Tensor]

    @property
    def options(self) -> Mapping[str, Option]:
        return self.operator.options

    def name(self, op: str) -> str:
        return f"{op}_{self.number}"

    def error(self, problem: str) -> UnsupportedModelError:
        outputs = self.operator.outputs
        output = self.file_tensors[outputs[0]].name if outputs else "?"
        return UnsupportedModelError(f"{self.model}: {self.operator.name} (layer {self.number}, '{output}') {problem}")

    def input(self, position: int = 0) -> Tensor:
        index = self.index(position)
        if index not in self.activations:
            raise self.error(f"reads tensor {index} as input {position}, which no earlier layer computes")
        return self.activations[index]

    def operand(self, position: int) -> Tensor:
        """An activation, or an int8 constant."""
        index = self.index(position)
        constant = self.file_tensors[index]
        if constant.type != "INT8":
            raise self.error(f"has {constant.type} as input {position}; INT8 is supported")
        if index in self.activations or constant.data is None:
            return self.input(position)
        if len(constant.scale) != 1 or constant.scale[0] == 0 or len(constant.zero_point) > 1:
            raise self.error(f"has a constant input {position} that is not quantized with one scale")
        return constant_tensor(index, constant)

    def output(self) -> Tensor:
        if len(self.operator.outputs) != 1:
            raise self.error(f"has {len(self.operator.outputs)} outputs, not 1")
        return self.output_tensor(0)

    def output_tensor(self, number: int) -> Tensor:
        if number >= len(self.operator.outputs):
            raise self.error(f"lacks output {number}")
        return self.activations[self.operator.outputs[number]]

    def shape_in(self, position: int) -> tuple[int, ...]:
        """The shape of an input as the file has it, which axes of the file count in."""
        return self.file_tensors[self.index(position)].shape

    def shape_out(self, number: int) -> tuple[int, ...]:
        if number >= len(self.operator.outputs):
            raise self.error(f"lacks output {number}")
        return self.file_tensors[self.operator.outputs[number]].shape

    def integers(self, position: int) -> tuple[int, ...]:
        """A constant vector, or a scalar as a vector of one."""
        return tuple(int(value) for value in self.constant(position, "INT32").reshape(-1))

    def integer(self, position: int) -> int:
        values = self.integers(position)
        if len(values) != 1:
            raise self.error(f"has {list(values)} as input {position}, not one number")
        return values[0]

    def index(self, position: int) -> int:
        if position >= len(self.operator.inputs) or self.operator.inputs[position] < 0:
            raise self.error(f"lacks input {position}")
        return self.operator.inputs[position]

    def has_input(self, position: int) -> bool:
        return position < len(self.operator.inputs) and self.operator.inputs[position] >= 0

    def constant(self, position: int, kind: str) -> NDArray[np.generic]:
        tensor = self.file_tensors[self.index(position)]
        if tensor.data is None:
            raise self.error(f"needs a constant {kind} as input {position}")
        if tensor.type != kind:
            raise self.error(f"has {tensor.type} as input {position}; {kind} is supported")
        return tensor.data

    def weights(self, channel_axis: int, rank: int) -> tuple[Int8, Quant]:
        """The int8 weights of input 1 and their scales: one, or one for each index of `channel_axis`."""
        values = self.constant(1, "INT8").astype(np.int8)
        tensor = self.file_tensors[self.index(1)]
        if values.ndim != rank or 0 in values.shape:
            raise self.error(f"has weights of shape {list(values.shape)}, not of rank {rank}")
        if len(tensor.scale) not in (1, values.shape[channel_axis]):
            raise self.error(f"has {len(tensor.scale)} weight scales for {values.shape[channel_axis]} channels")
        if any(tensor.zero_point):
            raise self.error("has weights with a zero point other than 0")
        return values, Quant(tensor.scale, 0)

    def bias(self, channels: int, position: int = 2) -> Int32:
        if not self.has_input(position):
            return np.zeros(channels, np.int32)
        bias = self.constant(position, "INT32").astype(np.int32)
        if bias.shape != (channels,):
            raise self.error(f"has a bias of shape {list(bias.shape)} for {channels} channels")
        return bias

    def clamp(self) -> Clamp:
        """The fused activation as the int8 range of the output."""
        activation = int(self.options["FusedActivationFunction"])
        if activation not in ACTIVATIONS:
            raise self.error(f"has fused activation {activation}; NONE, RELU, RELU_N1_TO_1 and RELU6 are supported")
        target = self.output()
        return quantize_clamp(*ACTIVATIONS[activation], target.scale, target.zero_point)

    def window(self, size: tuple[int, int]) -> Window:
        stride = int(self.options["StrideH"]), int(self.options["StrideW"])
        dilation = int(self.options.get("DilationHFactor", 1)), int(self.options.get("DilationWFactor", 1))
        if min(*stride, *dilation, *size) < 1 or self.options["Padding"] not in (SAME, VALID):
            raise self.error(f"has stride {stride}, dilation {dilation}, window {size}: all must be at least 1")
        if len(self.input().shape) != 4:
            raise self.error(f"has an input of shape {list(self.input().shape)}, not NHWC")
        return Window(size, stride, dilation, self._padding(size, stride, dilation))

    def _padding(self, size: tuple[int, int], stride: tuple[int, int], dilation: tuple[int, int]) -> Padding:
        """TFLite's `ComputePaddingHeightWidth`: an odd row or column of padding goes to the bottom or right."""
        if self.options["Padding"] == VALID:
            return Padding()
        _, height, width, _ = self.input().shape
        sides: list[int] = []
        for length, window, step, spread in zip((height, width), size, stride, dilation, strict=True):
            total = max((-(-length // step) - 1) * step + (window - 1) * spread + 1 - length, 0)
            sides += [total // 2, total - total // 2]
        return Padding(*sides)


def constant_tensor(index: int, constant: FileTensor) -> Tensor:
    """A constant as an activation that never changes; its shape begins with the batch, which is 1."""
    shape = constant.shape if constant.shape[:1] == (1,) else (1, *constant.shape)
    zero_point = constant.zero_point[0] if constant.zero_point else 0
    return Tensor(f"{index}: {constant.name}", shape, Quant(constant.scale, zero_point))


def conv2d(source: Source) -> Layer:
    values, quant = source.weights(channel_axis=0, rank=4)
    window = source.window((values.shape[1], values.shape[2]))
    if values.shape[3] != source.input().shape[3]:
        raise source.error(f"has weights {list(values.shape)} for {source.input().shape[3]} channels: groups")
    weights = formats.pack("dense", values, quant)
    return ir.Conv2D(
        source.name("conv2d"),
        source.input().name,
        source.output().name,
        weights,
        source.bias(values.shape[0]),
        window,
        source.clamp(),
    )


def depthwise_conv2d(source: Source) -> Layer:
    values, quant = source.weights(channel_axis=3, rank=4)
    window = source.window((values.shape[1], values.shape[2]))
    channels = source.input().shape[3]
    if values.shape[0] != 1 or values.shape[3] % channels:
        raise source.error(f"has weights {list(values.shape)} for {channels} channels")
    weights = formats.pack("dense", values, quant)
    return ir.DepthwiseConv2D(
        source.name("depthwise"),
        source.input().name,
        source.output().name,
        weights,
        source.bias(values.shape[3]),
        window,
        source.clamp(),
    )


def fully_connected(source: Source) -> Layer:
    values, quant = source.weights(channel_axis=0, rank=2)
    if source.options["WeightsFormat"] != 0:
        raise source.error("has shuffled weights")
    if source.input().size % values.shape[1]:
        raise source.error(f"has weights {list(values.shape)} for an input of {source.input().size} values")
    weights = formats.pack("dense", values, quant)
    return ir.Dense(
        source.name("dense"),
        source.input().name,
        source.output().name,
        weights,
        source.bias(values.shape[0]),
        source.clamp(),
    )


def max_pool(source: Source) -> Layer:
    if source.input().quant != source.output().quant:
        raise source.error("changes the scale, which a maximum cannot")
    return ir.MaxPool(
        source.name("max_pool"), source.input().name, source.output().name, pool_window(source), source.clamp()
    )


def average_pool(source: Source) -> Layer:
    if source.input().quant != source.output().quant:
        raise source.error("changes the scale, which TFLM's average pool does not")
    return ir.AveragePool(
        source.name("average_pool"), source.input().name, source.output().name, pool_window(source), source.clamp()
    )


def pool_window(source: Source) -> Window:
    return source.window((int(source.options["FilterHeight"]), int(source.options["FilterWidth"])))


def reshape(source: Source) -> Layer:
    given = source.operand(0)
    if given.quant != source.output().quant:
        raise source.error("changes the quantization, which a reshape cannot")
    return ir.Reshape(source.name("reshape"), given.name, source.output().name)


def softmax(source: Source) -> Layer:
    quant = source.output().quant
    if quant != Quant((1 / 256,), -128):
        raise source.error(f"has output scale {quant.scale[0]:g} and zero point {quant.zero_point}, not 1/256 and -128")
    return ir.Softmax(source.name("softmax"), source.input().name, source.output().name, float(source.options["Beta"]))


BUILDERS: dict[str, Callable[[Source], Layer]] = {
    "CONV_2D": conv2d,
    "DEPTHWISE_CONV_2D": depthwise_conv2d,
    "FULLY_CONNECTED": fully_connected,
    "MAX_POOL_2D": max_pool,
    "AVERAGE_POOL_2D": average_pool,
    "RESHAPE": reshape,
    "SOFTMAX": softmax,
}
