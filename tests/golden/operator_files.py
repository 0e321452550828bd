"""Writes `.tflite` files of random operators that all read the model input, for comparisons with tflite-micro."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import flatbuffers
import numpy as np
from numpy.typing import NDArray
from tflite_micro.tensorflow.lite.micro.python import schema_py_generated as schema

from tinyprune.ir import Int8

SAME, VALID = 0, 1
ACTIVATIONS = (0, 0, 1, 2, 3)  # NONE twice, RELU, RELU_N1_TO_1, RELU6


class RandomModel:
    """`add_<operator>()` adds one with random shapes, options, values and scales; `content()` is the file."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        self.buffers = [_buffer(None)]
        self.tensors: list[Any] = []
        self.operators: list[Any] = []
        self.codes: list[int] = []
        self.shape = (1, self.number(1, 9), self.number(1, 9), self.number(1, 9))
        self.scale = self.power_of_two(-10, 2)
        self.zero_point = self.number(-128, 128)
        self.input = self.tensor(self.shape, self.scale, self.zero_point)

    def number(self, low: int, high: int) -> int:
        return int(self.random.integers(low, high))

    def power_of_two(self, low: float, high: float) -> float:
        """2 to a random power, often a whole one, as that makes ties; a float32, as that is what files hold."""
        exponent = self.random.uniform(low, high)
        return float(np.float32(2 ** (round(exponent) if self.random.random() < 0.4 else exponent)))

    def tensor(
        self,
        shape: Sequence[int],
        scale: float | Sequence[float] = (),
        zero_point: int = 0,
        data: NDArray[np.generic] | None = None,
        axis: int = 0,
    ) -> int:
        quant = schema.QuantizationParametersT()
        quant.scale = list(np.atleast_1d(scale))
        quant.zeroPoint = [zero_point] * len(quant.scale)
        quant.quantizedDimension = axis
        tensor = schema.TensorT()
        tensor.name, tensor.shape, tensor.quantization = f"tensor {len(self.tensors)}", list(shape), quant
        wide = data is not None and data.dtype == np.int32
        tensor.type = schema.TensorType.INT32 if wide else schema.TensorType.INT8
        tensor.buffer = 0 if data is None else len(self.buffers)
        if data is not None:
            self.buffers.append(_buffer(data))
        self.tensors.append(tensor)
        return len(self.tensors) - 1

    def operator(self, code: str, inputs: Sequence[int], output: int, options: Any) -> None:
        number = int(getattr(schema.BuiltinOperator, code))
        if number not in self.codes:
            self.codes.append(number)
        operator = schema.OperatorT()
        operator.opcodeIndex, operator.inputs, operator.outputs = self.codes.index(number), list(inputs), [output]
        operator.builtinOptions = options
        operator.builtinOptionsType = getattr(schema.BuiltinOptions, type(options).__name__[:-1])
        self.operators.append(operator)

    def weighted(self, shape: tuple[int, ...], axis: int) -> tuple[list[int], float]:
        """Weights and bias as inputs, and the output scale that their largest accumulator would fill."""
        values = self.random.integers(-127, 128, shape, np.int8)
        values[self.random.random(shape) < self.random.choice([0.0, 0.8])] = 0
        channels = shape[axis] if self.random.random() < 0.7 else 1
        scales = [self.power_of_two(-12, 0) for _ in range(channels)]
        bias = self.random.integers(-5000, 5000, shape[axis], np.int32)
        bias_scales = [float(np.float32(self.scale) * np.float32(scale)) for scale in scales]
        inputs = [
            self.tensor(shape, scales, data=values, axis=axis),
            self.tensor((shape[axis],), bias_scales, data=bias),
        ]
        return inputs, max(bias_scales) * values[..., :1].size * 64

    def output(self, shape: Sequence[int], scale: float) -> int:
        return self.tensor(shape, scale, self.number(-128, 128))

    def window(self, options: Any, size: tuple[int, int], dilated: bool) -> tuple[int, int]:
        """Fills in padding, strides and dilation; returns the output's height and width."""
        options.padding = SAME if self.random.random() < 0.5 else VALID
        options.strideH, options.strideW = self.number(1, 4), self.number(1, 4)
        dilation = (1, 1)
        if dilated:
            dilation = options.dilationHFactor, options.dilationWFactor = self.number(1, 3), self.number(1, 3)
        reach = [(taps - 1) * step + 1 for taps, step in zip(size, dilation, strict=True)]
        if any(length < span for length, span in zip(self.shape[1:3], reach, strict=True)):
            options.padding = SAME
        options.fusedActivationFunction = int(self.random.choice(ACTIVATIONS))
        steps = (options.strideH, options.strideW)
        lost = [0, 0] if options.padding == SAME else [span - 1 for span in reach]
        height, width = (-(-(self.shape[i + 1] - lost[i]) // steps[i]) for i in range(2))
        return height, width

    def add_conv_2d(self) -> None:
        size, channels = (self.number(1, 4), self.number(1, 4)), self.number(1, 9)
        options = schema.Conv2DOptionsT()
        slid = self.window(options, size, dilated=True)
        constants, scale = self.weighted((channels, *size, self.shape[3]), 0)
        output = self.output((1, *slid, channels), scale)
        self.operator("CONV_2D", [self.input, *constants], output, options)

    def add_depthwise_conv_2d(self) -> None:
        size = (self.number(1, 4), self.number(1, 4))
        options = schema.DepthwiseConv2DOptionsT()
        options.depthMultiplier = self.number(1, 4)
        channels = self.shape[3] * options.depthMultiplier
        slid = self.window(options, size, dilated=True)
        constants, scale = self.weighted((1, *size, channels), 3)
        output = self.output((1, *slid, channels), scale)
        self.operator("DEPTHWISE_CONV_2D", [self.input, *constants], output, options)

    def add_fully_connected(self) -> None:
        outputs, inputs = self.number(1, 9), int(np.prod(self.shape))
        options = schema.FullyConnectedOptionsT()
        options.fusedActivationFunction = int(self.random.choice(ACTIVATIONS))
        constants, scale = self.weighted((outputs, inputs), 0)
        self.operator("FULLY_CONNECTED", [self.input, *constants], self.output((1, outputs), scale), options)

    def add_add(self) -> None:
        """Of the input and itself, or values of another scale."""
        options = schema.AddOptionsT()
        options.fusedActivationFunction = int(self.random.choice(ACTIVATIONS))
        other = self.input if self.random.random() < 0.2 else self.rescaled()
        output = self.output(self.shape, self.scale * self.power_of_two(-3, 3))
        self.operator("ADD", [self.input, other], output, options)

    def rescaled(self) -> int:
        """The input with a weight for each channel, and a scale of its own."""
        options = schema.DepthwiseConv2DOptionsT()
        options.padding, options.strideH, options.strideW, options.depthMultiplier = VALID, 1, 1, 1
        constants, scale = self.weighted((1, 1, 1, self.shape[3]), 3)
        output = self.output(self.shape, scale)
        self.operator("DEPTHWISE_CONV_2D", [self.input, *constants], output, options)
        return output

    def add_max_pool_2d(self) -> None:
        self.pool("MAX_POOL_2D")

    def add_average_pool_2d(self) -> None:
        self.pool("AVERAGE_POOL_2D")

    def pool(self, code: str) -> None:
        options = schema.Pool2DOptionsT()
        size = options.filterHeight, options.filterWidth = self.number(1, 5), self.number(1, 5)
        slid = self.window(options, size, dilated=False)
        output = self.tensor((1, *slid, self.shape[3]), self.scale, self.zero_point)
        self.operator(code, [self.input], output, options)

    def add_mean(self) -> None:
        options = schema.ReducerOptionsT()
        options.keepDims = self.random.random() < 0.5
        axes = self.tensor((2,), data=np.array([1, 2], np.int32))
        shape = (1, 1, 1, self.shape[3]) if options.keepDims else (1, self.shape[3])
        output = self.output(shape, self.scale * self.power_of_two(-4, 2))
        self.operator("MEAN", [self.input, axes], output, options)

    def add_softmax(self) -> None:
        options = schema.SoftmaxOptionsT()
        options.beta = self.power_of_two(-6, 6)
        self.operator("SOFTMAX", [self.input], self.tensor(self.shape, 1 / 256, -128), options)

    def content(self) -> bytes:
        graph = schema.SubGraphT()
        graph.tensors, graph.operators = self.tensors, self.operators
        graph.inputs, graph.outputs = [self.input], self.operators[-1].outputs
        model = schema.ModelT()
        model.version, model.subgraphs, model.buffers = 3, [graph], self.buffers
        model.operatorCodes = [_code(number) for number in self.codes]
        builder = flatbuffers.Builder(1024)
        builder.Finish(model.Pack(builder), b"TFL3")
        return bytes(builder.Output())

    def inputs(self, count: int) -> Int8:
        return self.random.integers(-128, 128, (count, *self.shape[1:]), np.int8)


def _buffer(data: NDArray[np.generic] | None) -> Any:
    buffer = schema.BufferT()
    if data is not None:
        buffer.data = np.frombuffer(data.tobytes(), np.uint8)
    return buffer


def _code(number: int) -> Any:
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = number
    return code
