"""Reads a `.tflite` flatbuffer into plain values, before anything is believed of it.

A file may be truncated or hostile: whatever goes wrong while it is read ends in one TinypruneError.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import tflite
from numpy.typing import NDArray

from tinyprune.errors import TinypruneError, UnsupportedModelError
from tinyprune.frontend.densify import Level, Sparsity, densify

Option = int | float | bool


def _names(enumeration: type) -> dict[int, str]:
    """Value to name, for one of the schema's enumerations."""
    return {int(value): name for name, value in vars(enumeration).items() if name.isupper()}


OP_NAMES = _names(tflite.BuiltinOperator)
TYPE_NAMES = _names(tflite.TensorType)
NUMPY_TYPES = {"INT8": np.int8, "INT16": np.int16, "INT32": np.int32, "INT64": np.int64, "FLOAT32": np.float32}

_CONV = ("Padding", "StrideH", "StrideW", "DilationHFactor", "DilationWFactor", "FusedActivationFunction")
_POOL = ("Padding", "StrideH", "StrideW", "FilterHeight", "FilterWidth", "FusedActivationFunction")
_LSTM = ("FusedActivationFunction", "CellClip", "TimeMajor")
_STRIDED_SLICE = ("BeginMask", "EndMask", "EllipsisMask", "NewAxisMask", "ShrinkAxisMask", "Offset")
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
    "CONCATENATION": (tflite.ConcatenationOptions, ("Axis", "FusedActivationFunction")),
    "REDUCE_PROD": (tflite.ReducerOptions, ("KeepDims",)),
    "PACK": (tflite.PackOptions, ("Axis", "ValuesCount")),
    "UNPACK": (tflite.UnpackOptions, ("Axis", "Num")),
    "STRIDED_SLICE": (tflite.StridedSliceOptions, _STRIDED_SLICE),
    "RESIZE_NEAREST_NEIGHBOR": (tflite.ResizeNearestNeighborOptions, ("AlignCorners", "HalfPixelCenters")),
    "LEAKY_RELU": (tflite.LeakyReluOptions, ("Alpha",)),
    "UNIDIRECTIONAL_SEQUENCE_LSTM": (tflite.UnidirectionalSequenceLSTMOptions, _LSTM),
    "SVDF": (tflite.SVDFOptions, ("Rank", "FusedActivationFunction")),
}

# how the levels of a sparse tensor store indices: the members of the schema's union SparseIndexVector
INDEX_VECTORS: dict[int, Any] = {1: tflite.Int32Vector, 2: tflite.Uint16Vector, 3: tflite.Uint8Vector}

MAX_RANK = 8
MAX_DENSIFIED = 1 << 24  # elements: a small sparse tensor must not make a huge dense one


@dataclass(frozen=True, eq=False)
class FileTensor:
    """A tensor as the file has it; `data` is None for an activation. `scale` is empty where it is not quantized."""

    name: str
    shape: tuple[int, ...]
    type: str
    scale: tuple[float, ...]
    zero_point: tuple[int, ...]
    data: NDArray[np.generic] | None
    is_variable: bool


@dataclass(frozen=True, eq=False)
class FileOperator:
    """An operator as the file has it; -1 among the inputs is an optional input left out."""

    number: int  # its place in the file
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
        return _Reader(content, name).model()
    except (struct.error, IndexError, ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
        raise TinypruneError(
            f"{name} is truncated or damaged: {type(error).__name__} while it was read",
            remedy="copy or convert the file again",
        ) from error


class _Reader:
    """Walks the flatbuffer; every count is bounded by the size of the file, so that no walk is longer than it."""

    def __init__(self, content: bytes, name: str) -> None:
        self.content = content
        self.name = name
        self.root = tflite.Model.GetRootAsModel(content, 0)

    def model(self) -> FileModel:
        if self.root.SubgraphsLength() < 1:
            raise ValueError("no subgraph")
        if self.root.SubgraphsLength() > 1:
            raise UnsupportedModelError(
                f"{self.name} has {self.root.SubgraphsLength()} subgraphs; models with one are supported",
                remedy="convert it without control flow (IF, WHILE) and with one signature",
            )
        graph = self.root.Subgraphs(0)
        tensors = tuple(self.tensor(row) for row in self.rows(graph.TensorsLength(), graph.Tensors))
        rows = self.rows(graph.OperatorsLength(), graph.Operators)
        operators = tuple(self.operator(number, row) for number, row in enumerate(rows))
        model = FileModel(tensors, operators, _ints(graph.InputsAsNumpy()), _ints(graph.OutputsAsNumpy()))
        self.check_indices(model)
        return model

    def rows(self, count: int, get: Callable[[int], Any]) -> Iterator[Any]:
        if not 0 <= count <= len(self.content) // 4:
            raise ValueError("a table is longer than the file")
        return map(get, range(count))

    def tensor(self, row: Any) -> FileTensor:
        shape, kind = _ints(row.ShapeAsNumpy()), TYPE_NAMES.get(row.Type(), f"type {row.Type()}")
        if len(shape) > MAX_RANK or any(size < 0 for size in shape):
            raise ValueError(f"shape {shape}")
        scale, zero_point = _quantization(row.Quantization())
        if not all(np.isfinite(s) and s >= 0 for s in scale):
            raise ValueError("a scale that is not a positive number")
        name = (row.Name() or b"").decode("utf-8", "replace")
        data = self.data(row.Buffer(), kind)
        if data is not None:
            sparse = row.Sparsity()
            data = data.reshape(shape) if sparse is None else self.densified(data, sparse, shape)
        return FileTensor(name, shape, kind, scale, zero_point, data, bool(row.IsVariable()))

    def densified(self, values: NDArray[np.generic], row: Any, shape: tuple[int, ...]) -> NDArray[np.generic]:
        if math.prod(shape) > MAX_DENSIFIED:
            raise ValueError(f"a sparse tensor of shape {shape}")
        levels = tuple(map(_level, self.rows(row.DimMetadataLength(), row.DimMetadata)))
        order, block_map = _ints(row.TraversalOrderAsNumpy()), _ints(row.BlockMapAsNumpy())
        return densify(values, Sparsity(order, block_map, levels), shape)

    def data(self, buffer: int, kind: str) -> NDArray[np.generic] | None:
        if not 0 <= buffer < self.root.BuffersLength():
            raise IndexError(f"buffer {buffer}")
        row = self.root.Buffers(buffer)
        if row.DataLength() == 0 or kind not in NUMPY_TYPES:
            return None
        return np.asarray(row.DataAsNumpy(), np.uint8).view(NUMPY_TYPES[kind])

    def operator(self, number: int, row: Any) -> FileOperator:
        code = self.root.OperatorCodes(row.OpcodeIndex())
        if row.OpcodeIndex() >= self.root.OperatorCodesLength():
            raise IndexError(f"operator code {row.OpcodeIndex()}")
        builtin = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
        name = OP_NAMES.get(builtin, f"operator code {builtin}")  # of a schema that is newer than ours
        if name == "CUSTOM":
            name = f"CUSTOM {(code.CustomCode() or b'').decode('utf-8', 'replace')}"
        inputs, outputs = _ints(row.InputsAsNumpy()), _ints(row.OutputsAsNumpy())
        return FileOperator(number, name, inputs, outputs, _options(name, row))

    def check_indices(self, model: FileModel) -> None:
        count = len(model.tensors)
        used = [*model.inputs, *model.outputs, *(i for op in model.operators for i in op.outputs)]
        optional = [i for op in model.operators for i in op.inputs]
        if not all(0 <= i < count for i in used) or not all(-1 <= i < count for i in optional):
            raise IndexError("a tensor that is not there")


def _options(name: str, row: Any) -> dict[str, Option]:
    """The options of an operator by field name; a field that the table leaves out has the schema's default."""
    if name not in OPTIONS:
        return {}
    schema, fields = OPTIONS[name]
    table, options = row.BuiltinOptions(), schema()
    if table is None:
        raise ValueError(f"{name} without options")
    options.Init(table.Bytes, table.Pos)
    return {field: getattr(options, field)() for field in fields}


def _level(row: Any) -> Level:
    """A level of a sparse tensor's tree; DENSE is 0 in the schema."""
    if row.Format() == tflite.DimensionType.DENSE:
        return Level(row.DenseSize())
    segments = _index_vector(row.ArraySegmentsType(), row.ArraySegments())
    return Level(0, segments, _index_vector(row.ArrayIndicesType(), row.ArrayIndices()))


def _index_vector(kind: int, table: Any) -> NDArray[np.int64]:
    vector = INDEX_VECTORS[kind]()
    vector.Init(table.Bytes, table.Pos)
    return np.array(_ints(vector.ValuesAsNumpy()), np.int64)


def _quantization(quant: Any) -> tuple[tuple[float, ...], tuple[int, ...]]:
    """Scales and zero points; both empty where the tensor has none."""
    if quant is None or quant.ScaleLength() == 0:
        return (), ()
    return tuple(float(scale) for scale in quant.ScaleAsNumpy()), _ints(quant.ZeroPointAsNumpy())


def _ints(array: Any) -> tuple[int, ...]:
    """A flatbuffer vector as ints; a vector that is not there reads as the number 0."""
    return tuple(int(value) for value in array) if isinstance(array, np.ndarray) else ()
