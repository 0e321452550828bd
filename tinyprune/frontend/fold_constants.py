"""Operators whose result is known when the file is read: shape arithmetic, and DENSIFY of a sparse constant.

An open batch makes Keras' Flatten into SHAPE, STRIDED_SLICE, PACK and RESHAPE; the batch is 1 here, so all but the
last are constants.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tinyprune.frontend.strided_slice import Masks, slices
from tinyprune.frontend.tflite_file import NUMPY_TYPES, FileModel, FileOperator, FileTensor

Array = NDArray[np.generic]
INTEGERS = ("INT32", "INT64")
MAX_ELEMENTS = 1024  # of the operands of one operator: no shape is longer, and a hostile file could double and double


def fold_constants(model: FileModel) -> FileModel:
    """`model` without the operators whose outputs are constants; these tensors have data instead.

    What cannot be folded stays, for the importer to name it.
    """
    tensors, left = list(model.tensors), list[FileOperator]()
    for operator in model.operators:
        folded = _folded(operator, tensors)
        if folded is None or operator.outputs[0] in model.outputs:
            left.append(operator)
        else:
            tensors[operator.outputs[0]] = folded
    return replace(model, tensors=tuple(tensors), operators=tuple(left))


def _folded(operator: FileOperator, tensors: Sequence[FileTensor]) -> FileTensor | None:
    """The output of `operator` with its data, or None."""
    if len(operator.outputs) != 1 or not operator.inputs or -1 in operator.inputs:
        return None
    inputs, output = [tensors[i] for i in operator.inputs], tensors[operator.outputs[0]]
    data = [tensor.data for tensor in inputs if tensor.data is not None]
    if operator.name == "DENSIFY" and data and data[0].shape == output.shape and inputs[0].type == output.type:
        return replace(output, data=data[0])
    if output.type not in INTEGERS:
        return None
    if operator.name == "SHAPE":
        return _with(output, np.array(inputs[0].shape))
    if sum(values.size for values in data) > MAX_ELEMENTS:
        return None
    if operator.name not in ARITHMETIC or len(data) != len(inputs) or any(t.type not in INTEGERS for t in inputs):
        return None
    try:
        return _with(output, ARITHMETIC[operator.name](operator, data))
    except (
        ValueError,
        IndexError,
        TypeError,
        OverflowError,
    ):  # operands that do not fit together: stays, and is refused
        return None


def _with(output: FileTensor, values: Array) -> FileTensor:
    """With the shape that the values have: that of a file with open sizes may say 1 where there are more."""
    return replace(output, shape=values.shape, data=values.astype(NUMPY_TYPES[output.type]))


def _strided_slice(operator: FileOperator, data: Sequence[Array]) -> Array:
    values, begin, end, strides = data
    options = operator.options
    if options["EllipsisMask"] or options["NewAxisMask"] or options["Offset"]:
        raise ValueError("masks that are not followed")
    masks = Masks(int(options["BeginMask"]), int(options["EndMask"]), int(options["ShrinkAxisMask"]))
    for axis, part in enumerate(slices(values.shape, _ints(begin), _ints(end), _ints(strides), masks)):
        values = np.take(values, part.start + part.step * np.arange(part.count), axis)
    dropped = tuple(axis for axis in range(values.ndim) if masks.shrink >> axis & 1)
    return np.squeeze(values, dropped)


def _slice(operator: FileOperator, data: Sequence[Array]) -> Array:
    values, begin, size = data
    for axis, (start, count) in enumerate(zip(_ints(begin), _ints(size), strict=True)):
        stop = values.shape[axis] if count == -1 else start + count
        if not 0 <= start <= stop <= values.shape[axis]:
            raise ValueError("a slice outside of its input")
        values = np.take(values, range(start, stop), axis)
    return values


def _pack(operator: FileOperator, data: Sequence[Array]) -> Array:
    return np.stack(data, int(operator.options["Axis"]))


def _concatenation(operator: FileOperator, data: Sequence[Array]) -> Array:
    return np.concatenate(data, int(operator.options["Axis"]))


def _reshape(operator: FileOperator, data: Sequence[Array]) -> Array:
    return data[0].reshape(_ints(data[1]))


def _product(operator: FileOperator, data: Sequence[Array]) -> Array:
    """REDUCE_PROD: the number of elements that a shape stands for."""
    return np.asarray(
        np.prod(data[0].astype(np.int64), tuple(_ints(data[1])), keepdims=bool(operator.options["KeepDims"]))
    )


def _ints(values: Array) -> list[int]:
    return [int(value) for value in values.reshape(-1)]


ARITHMETIC: dict[str, Callable[[FileOperator, Sequence[Array]], Array]] = {
    "STRIDED_SLICE": _strided_slice,
    "SLICE": _slice,
    "PACK": _pack,
    "CONCATENATION": _concatenation,
    "RESHAPE": _reshape,
    "REDUCE_PROD": _product,
}
