"""Reads a `.tflite` flatbuffer into plain values, before anything is believed of it.

A file may be truncated or hostile: whatever goes wrong while it is read ends in one TinypruneError.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import tflite
from numpy.typing import NDArray

from tinyprune.errors import TinypruneError

Option = int | float | bool


def _names(enumeration: type) -> dict[int, str]:
    """Value to name, for one of the schema's enumerations."""
    return {int(value): name for name, value in vars(enumeration).items() if name.isupper()}


OP_NAMES = _names(tflite.BuiltinOperator)
TYPE_NAMES = _names(tflite.TensorType)
NUMPY_TYPES = {"INT8": np.int8, "INT32": np.int32, "INT64": np.int64, "FLOAT32": np.float32}

_CONV = ("Padding", "StrideH", "StrideW", "DilationHFactor", "DilationWFactor", "FusedActivationFunction")
_POOL = ("Padding", "StrideH", "StrideW", "FilterHeight", "FilterWidth", "FusedActivationFunction")
# the options that the importer reads: operator -> (schema class, its fields)
OPTIONS: dict[str, tuple[Any, tuple[str, ...]]] = {
    "CONV_2D": (tflite.Conv2DOptions, _CONV),
    "DEPTHWISE_CONV_2D": (tflite.DepthwiseConv2DOptions, (*_CONV, "DepthMultiplier")),
    "FULLY_CONNECTED": (tflite.FullyConnectedOptions, ("FusedActivationFunction", "WeightsFormat")),
    "ADD": (tflite.AddOptions, ("FusedActivationFunction",)),
    "BATCH_MATMUL": (tflite.BatchMatMulOptions, ("AdjX", "AdjY")),
    "TRANSPOSE_CONV": (tflite.TransposeConvOptions, ("Padding", "StrideH", "StrideW", "FusedActivationFunction")),
    "SUB": (tflite.SubOptions, ("FusedActivationFunction",)),
    "MUL": (tflite.MulOptions, ("FusedActivationFunction",)),
    "AVERAGE_POOL_2D": (tflite.Pool2DOptions, _POOL),
    "MAX_POOL_2D": (tflite.Pool2DOptions, _POOL),
    "SOFTMAX": (tflite.SoftmaxOptions, ("Beta",)),
    "LEAKY_RELU": (tflite.LeakyReluOptions, ("Alpha",)),
}

MAX_RANK = 8


@dataclass(frozen=True, eq=False)
class FileTensor:
    """A tensor as the file has it; `data` is None for an activation. `scale` is empty where it is not quantized."""

    name: str
    shape: tuple[int, ...]
    type: str
    scale: tuple[float, ...]
    zero_point: tuple[int, ...]
    sparse: bool
    data: NDArray[np.generic] | None


@dataclass(frozen=True, eq=False)
class FileOperator:
    """An operator as the file has it; -1 among the inputs is an optional input left out."""

    name: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: Mapping[str, Option]


@dataclass(frozen=True, eq=False)
class FileModel:
    tensors: tuple[FileTensor, ...]
    operators: tuple[FileOperator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


def read(content: bytes, name: str) -> FileModel:
    """The one subgraph of the `.tflite` file `content`; `name` is used in errors.

    Raises TinypruneError where the content is not a whole and consistent `.tflite` file.
    """
    if content[4:8] != b"TFL3":
        raise TinypruneError(f"{name} is not a .tflite file", remedy="its bytes 4 to 8 are not the identifier TFL3")
    try:
        return _Reader(content).model()
    except (struct.error, IndexError, ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
        raise TinypruneError(
            f"{name} is truncated or damaged: {type(error).__name__} while it was read",
            remedy="copy or convert the file again",
        ) from error


class _Reader:
    """Walks the flatbuffer; every count is bounded by the size of the file, so that no walk is longer than it."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.root = tflite.Model.GetRootAsModel(content, 0)

    def model(self) -> FileModel:
        if self.root.SubgraphsLength() != 1:
            raise ValueError(f"{self.root.SubgraphsLength()} subgraphs, not 1")
        graph = self.root.Subgraphs(0)
        tensors = tuple(self.tensor(row) for row in self.rows(graph.TensorsLength(), graph.Tensors))
        operators = tuple(self.operator(row) for row in self.rows(graph.OperatorsLength(), graph.Operators))
        model = FileModel(tensors, operators, _ints(graph.InputsAsNumpy()), _ints(graph.OutputsAsNumpy()))
        self.check_indices(model)
        return model

    def rows(self, count: int, get: Callable[[int], Any]) -> Iterator[Any]:
        if not 0 <= count <= len(self.content) // 4:
            raise ValueError("a table is longer than the file")
        return map(get, range(count))

    def tensor(self, row: Any) -> FileTensor:
        shape, kind = _ints(row.ShapeAsNumpy()), TYPE_NAMES[row.Type()]
        if len(shape) > MAX_RANK or any(size < 0 for size in shape):
            raise ValueError(f"shape {shape}")
        scale, zero_point = _quantization(row.Quantization())
        if not all(np.isfinite(s) and s >= 0 for s in scale):
            raise ValueError("a scale that is not a positive number")
        name = (row.Name() or b"").decode("utf-8", "replace")
        sparse = row.Sparsity() is not None
        data = None if sparse else self.data(row.Buffer(), kind, shape)
        return FileTensor(name, shape, kind, scale, zero_point, sparse, data)

    def data(self, buffer: int, kind: str, shape: tuple[int, ...]) -> NDArray[np.generic] | None:
        if not 0 <= buffer < self.root.BuffersLength():
            raise IndexError(f"buffer {buffer}")
        row = self.root.Buffers(buffer)
        if row.DataLength() == 0 or kind not in NUMPY_TYPES:
            return None
        return np.asarray(row.DataAsNumpy(), np.uint8).view(NUMPY_TYPES[kind]).reshape(shape)

    def operator(self, row: Any) -> FileOperator:
        code = self.root.OperatorCodes(row.OpcodeIndex())
        if row.OpcodeIndex() >= self.root.OperatorCodesLength():
            raise IndexError(f"operator code {row.OpcodeIndex()}")
        number = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
        name = OP_NAMES[number]
        if name == "CUSTOM":
            name = f"CUSTOM {(code.CustomCode() or b'').decode('utf-8', 'replace')}"
        return FileOperator(name, _ints(row.InputsAsNumpy()), _ints(row.OutputsAsNumpy()), _options(name, row))

    def check_indices(self, model: FileModel) -> None:
        count = len(model.tensors)
        used = [*model.inputs, *model.outputs, *(i for op in model.operators for i in op.outputs)]
        optional = [i for op in model.operators for i in op.inputs]
        if not all(0 <= i < count for i in used) or not all(-1 <= i < count for i in optional):
            raise IndexError("a tensor that is not there")


def _options(name: str, row: Any) -> dict[str, Option]:
    """The options of an operator by field name, or the schema's defaults where the file leaves the table out."""
    if name not in OPTIONS:
        return {}
    schema, fields = OPTIONS[name]
    table, options = row.BuiltinOptions(), schema()
    if table is None:
        raise ValueError(f"{name} without options")
    options.Init(table.Bytes, table.Pos)
    return {field: getattr(options, field)() for field in fields}


def _quantization(quant: Any) -> tuple[tuple[float, ...], tuple[int, ...]]:
    """Scales and zero points; both empty where the tensor has none."""
    if quant is None or quant.ScaleLength() == 0:
        return (), ()
    return tuple(float(scale) for scale in quant.ScaleAsNumpy()), _ints(quant.ZeroPointAsNumpy())


def _ints(array: Any) -> tuple[int, ...]:
    """A flatbuffer vector as ints; a vector that is not there reads as the number 0."""
    return tuple(int(value) for value in array) if isinstance(array, np.ndarray) else ()
