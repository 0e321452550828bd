"""Writes `.tflite` files for tests, tensor by tensor and operator by operator, without TensorFlow.

writer = Writer()
x = writer.tensor("x", (1, 8), scale=0.1)
y = writer.tensor("y", (1, 8), scale=0.2, zero_point=-3)
writer.operator("ADD", [x, x], [y], FusedActivationFunction=1)
content = writer.finish([x], [y])
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import flatbuffers
import numpy as np
import tflite
from numpy.typing import ArrayLike, NDArray

Option = int | float | bool | Sequence[int]

NUMPY_TYPES: dict[str, Any] = {
    "BOOL": np.bool_,
    "FLOAT32": np.float32,
    "INT8": np.int8,
    "INT16": np.int16,
    "INT32": np.int32,
    "INT64": np.int64,
    "UINT8": np.uint8,
}
# operator -> the schema's table of its options; an operator that is not here is written without options
OPTIONS = {
    "ADD": "AddOptions",
    "ARG_MAX": "ArgMaxOptions",
    "AVERAGE_POOL_2D": "Pool2DOptions",
    "BATCH_MATMUL": "BatchMatMulOptions",
    "BATCH_TO_SPACE_ND": "BatchToSpaceNDOptions",
    "CAST": "CastOptions",
    "CONCATENATION": "ConcatenationOptions",
    "CONV_2D": "Conv2DOptions",
    "CUMSUM": "CumsumOptions",
    "DEPTH_TO_SPACE": "DepthToSpaceOptions",
    "DEPTHWISE_CONV_2D": "DepthwiseConv2DOptions",
    "DEQUANTIZE": "DequantizeOptions",
    "DIV": "DivOptions",
    "EXPAND_DIMS": "ExpandDimsOptions",
    "FULLY_CONNECTED": "FullyConnectedOptions",
    "GATHER": "GatherOptions",
    "HARD_SWISH": "HardSwishOptions",
    "L2_NORMALIZATION": "L2NormOptions",
    "LEAKY_RELU": "LeakyReluOptions",
    "MAXIMUM": "MaximumMinimumOptions",
    "MAX_POOL_2D": "Pool2DOptions",
    "MEAN": "ReducerOptions",
    "MINIMUM": "MaximumMinimumOptions",
    "MIRROR_PAD": "MirrorPadOptions",
    "MUL": "MulOptions",
    "NEG": "NegOptions",
    "PACK": "PackOptions",
    "PAD": "PadOptions",
    "PADV2": "PadV2Options",
    "QUANTIZE": "QuantizeOptions",
    "REDUCE_MAX": "ReducerOptions",
    "REDUCE_PROD": "ReducerOptions",
    "RESHAPE": "ReshapeOptions",
    "RESIZE_BILINEAR": "ResizeBilinearOptions",
    "RESIZE_NEAREST_NEIGHBOR": "ResizeNearestNeighborOptions",
    "SHAPE": "ShapeOptions",
    "SLICE": "SliceOptions",
    "SOFTMAX": "SoftmaxOptions",
    "SPACE_TO_BATCH_ND": "SpaceToBatchNDOptions",
    "SPACE_TO_DEPTH": "SpaceToDepthOptions",
    "SPLIT": "SplitOptions",
    "SPLIT_V": "SplitVOptions",
    "SQUEEZE": "SqueezeOptions",
    "STRIDED_SLICE": "StridedSliceOptions",
    "SUB": "SubOptions",
    "SUM": "ReducerOptions",
    "SVDF": "SVDFOptions",
    "TRANSPOSE": "TransposeOptions",
    "TRANSPOSE_CONV": "TransposeConvOptions",
    "UNIDIRECTIONAL_SEQUENCE_LSTM": "UnidirectionalSequenceLSTMOptions",
    "UNPACK": "UnpackOptions",
}

SCHEMA_VERSION = 3
DATA_ALIGNMENT = 16  # the schema's `force_align` of a buffer's data
LAST_DEPRECATED_CODE = tflite.BuiltinOperator.PLACEHOLDER_FOR_GREATER_OP_CODES  # 127: stands for every code above it


@dataclass(frozen=True, eq=False)
class TensorRow:
    name: str
    shape: tuple[int, ...]
    type: str
    scale: tuple[float, ...]
    zero_point: tuple[int, ...]
    quantized_dimension: int
    data: NDArray[np.generic] | None
    is_variable: bool


@dataclass(frozen=True, eq=False)
class OperatorRow:
    name: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: dict[str, Option]


class Writer:
    """Collects the tensors and operators of one subgraph; `finish` makes the file."""

    def __init__(self) -> None:
        self.tensors: list[TensorRow] = []
        self.operators: list[OperatorRow] = []

    def tensor(
        self,
        name: str,
        shape: Sequence[int],
        type: str = "INT8",
        scale: float | Sequence[float] | None = None,
        zero_point: int | Sequence[int] = 0,
        data: ArrayLike | None = None,
        quantized_dimension: int = 0,
        is_variable: bool = False,
    ) -> int:
        """The index of a new tensor: of a constant where `data` is given, quantized where `scale` is."""
        scales = () if scale is None else tuple(float(value) for value in np.ravel(scale))
        zero_points = tuple(int(value) for value in np.broadcast_to(zero_point, len(scales)))
        constant = None if data is None else np.asarray(data, NUMPY_TYPES[type]).reshape(tuple(shape))
        sizes = tuple(map(int, shape))
        row = TensorRow(name, sizes, type, scales, zero_points, quantized_dimension, constant, is_variable)
        self.tensors.append(row)
        return len(self.tensors) - 1

    def operator(self, name: str, inputs: Sequence[int], outputs: Sequence[int], **options: Option) -> None:
        """A new operator, named as in the schema, "CUSTOM <its name>" or "CODE <number>"; an input of -1 is left out.

        Options have the schema's names (StrideH=2); one that is not given has the schema's default.
        """
        self.operators.append(OperatorRow(name, tuple(inputs), tuple(outputs), options))

    def finish(self, inputs: Sequence[int], outputs: Sequence[int], subgraphs: int = 1) -> bytes:
        """The `.tflite` file whose inputs and outputs are the tensors of these indices; that many times the same."""
        return _File(self).content(inputs, outputs, subgraphs)


class _File:
    """Serializes a `Writer`: a flatbuffer is built from its leaves, so children come before their table."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self.builder: Any = flatbuffers.Builder(1024)
        self.names = sorted({operator.name for operator in writer.operators})

    def content(self, inputs: Sequence[int], outputs: Sequence[int], count: int = 1) -> bytes:
        constants = [row.data for row in self.writer.tensors if row.data is not None]
        buffers = self.offsets([self.table("Buffer"), *map(self.buffer, constants)])  # buffer 0 is empty by convention
        graph = self.table(
            "SubGraph",
            Tensors=self.offsets(self.tensors()),
            Inputs=self.ints(inputs),
            Outputs=self.ints(outputs),
            Operators=self.offsets([self.operator(row) for row in self.writer.operators]),
        )
        codes = self.offsets([self.code(name) for name in self.names])
        subgraphs = self.offsets([graph] * count)
        model = self.table("Model", Version=SCHEMA_VERSION, OperatorCodes=codes, Subgraphs=subgraphs, Buffers=buffers)
        self.builder.Finish(model, file_identifier=b"TFL3")
        return bytes(self.builder.Output())

    def buffer(self, array: NDArray[np.generic]) -> int:
        content = array.tobytes()
        self.builder.Prep(DATA_ALIGNMENT, len(content))
        return self.table("Buffer", Data=self.builder.CreateByteVector(content))

    def tensors(self) -> list[int]:
        buffer, offsets = 0, list[int]()
        for row in self.writer.tensors:
            buffer += row.data is not None
            offsets.append(self.tensor(row, buffer if row.data is not None else 0))
        return offsets

    def tensor(self, row: TensorRow, buffer: int) -> int:
        fields = {"Name": self.builder.CreateString(row.name), "Shape": self.ints(row.shape)}
        if row.scale:
            fields["Quantization"] = self.table(
                "QuantizationParameters",
                Scale=self.builder.CreateNumpyVector(np.array(row.scale, np.float32)),
                ZeroPoint=self.builder.CreateNumpyVector(np.array(row.zero_point, np.int64)),
                QuantizedDimension=row.quantized_dimension,
            )
        kind = getattr(tflite.TensorType, row.type)
        return self.table("Tensor", **fields, Type=kind, Buffer=buffer, IsVariable=row.is_variable)

    def operator(self, row: OperatorRow) -> int:
        fields = {"OpcodeIndex": self.names.index(row.name)}
        fields |= {"Inputs": self.ints(row.inputs), "Outputs": self.ints(row.outputs)}
        if row.name in OPTIONS:
            options = OPTIONS[row.name]
            fields["BuiltinOptionsType"] = getattr(tflite.BuiltinOptions, options)
            fields["BuiltinOptions"] = self.table(options, **self.vectors(row.options))
        elif row.options:
            raise ValueError(f"{row.name} has options {sorted(row.options)}, but no row in OPTIONS")
        return self.table("Operator", **fields)

    def code(self, name: str) -> int:
        """A code above 127 does not fit in the deprecated byte that old readers look at; both are written."""
        fields: dict[str, int] = {}
        if name.startswith("CUSTOM "):
            name, custom = name.split(" ", 1)
            fields["CustomCode"] = self.builder.CreateString(custom)
        number = int(name[5:]) if name.startswith("CODE ") else getattr(tflite.BuiltinOperator, name)
        fields |= {"BuiltinCode": number, "DeprecatedBuiltinCode": min(number, LAST_DEPRECATED_CODE)}
        return self.table("OperatorCode", **fields, Version=1)

    def vectors(self, options: dict[str, Option]) -> dict[str, Any]:
        """The options, with a vector of ints in place of each sequence."""
        return {name: self.ints(value) if isinstance(value, Sequence) else value for name, value in options.items()}

    def table(self, name: str, **fields: Any) -> int:
        """A table of the schema through its generated functions: XStart, XAdd<Field>, XEnd."""
        module = importlib.import_module(f"tflite.{name}")
        getattr(module, f"{name}Start")(self.builder)
        for field, value in fields.items():
            getattr(module, f"{name}Add{field}")(self.builder, value)
        return getattr(module, f"{name}End")(self.builder)

    def ints(self, values: Sequence[int]) -> int:
        return self.builder.CreateNumpyVector(np.array(values, np.int32))

    def offsets(self, tables: Sequence[int]) -> int:
        """A vector of references to `tables`; a flatbuffer is written backwards."""
        self.builder.StartVector(4, len(tables), 4)
        for table in reversed(tables):
            self.builder.PrependUOffsetTRelative(table)
        return self.builder.EndVector()
