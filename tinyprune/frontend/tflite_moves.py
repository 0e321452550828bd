"""Builders of the operators that only move values. Axes are those of the file's shapes.

TFLM moves the bytes whatever the quantization says, so a file whose input and output differ in it is refused.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tinyprune import ir
from tinyprune.frontend.strided_slice import Masks, Slice, slices
from tinyprune.frontend.tflite_operators import Source, reshape
from tinyprune.frontend.views import View, block_copy
from tinyprune.ir import BlockCopy, Layer

MAX_SIDE = (1 << 16) - 1  # of an image: the index tables of a resize hold 16 bits


def pad(source: Source) -> Layer:
    """PAD and PADV2: the output's zero point, or a constant of the output's quantization, around the input."""
    _same_quantization(source)
    shape, target = source.shape_in(0), source.shape_out(0)
    sides = source.constant(1, "INT32").astype(np.int64)
    if sides.shape != (len(shape), 2) or (sides < 0).any():
        raise source.error(
            f"has paddings {sides.tolist()} for shape {list(shape)}; two of at least 0 an axis are needed"
        )
    before, after = (tuple(map(int, column)) for column in sides.T)
    _require_shape(source, 0, tuple(b + n + a for b, n, a in zip(before, shape, after, strict=True)))
    inner = View.of(target)
    for axis, size in enumerate(shape):
        inner = inner.sliced(axis, before[axis], size)
    return _move(source, "pad", (block_copy(0, View.of(shape), inner),), fill=_pad_value(source))


def _pad_value(source: Source) -> int:
    quant = source.output().quant
    if not source.has_input(2):
        return quant.zero_point
    value = source.constant(2, "INT8")
    tensor = source.file_tensors[source.index(2)]
    if value.size != 1 or (tensor.scale, (*tensor.zero_point, 0)[0]) != (quant.scale, quant.zero_point):
        raise source.error("pads with something other than one value of the output's quantization")
    return int(value.reshape(-1)[0])


def transpose(source: Source) -> Layer:
    _same_quantization(source)
    shape = source.shape_in(0)
    axes = source.integers(1)
    if sorted(axes) != list(range(len(shape))):
        raise source.error(f"permutes axes {list(axes)} of shape {list(shape)}")
    view = View.of(shape).transposed(axes)
    _require_shape(source, 0, view.shape)
    return _move(source, "transpose", (block_copy(0, view, View.of(view.shape)),))


def concatenation(source: Source) -> Layer:
    if source.options["FusedActivationFunction"] != 0:
        raise source.error("has a fused activation, which TFLM refuses")
    target = source.shape_out(0)
    axis = _axis(source, int(source.options["Axis"]), len(target))
    copies: list[BlockCopy] = []
    start = 0
    for position in range(len(source.operator.inputs)):
        _same_quantization(source, position)
        shape = source.shape_in(position)
        if len(shape) != len(target) or _without(shape, axis) != _without(target, axis):
            raise source.error(f"joins shape {list(shape)} to {list(target)} along axis {axis}")
        if start + shape[axis] > target[axis]:
            raise source.error(f"joins more than the {target[axis]} of its output along axis {axis}")
        copies.append(block_copy(position, View.of(shape), View.of(target).sliced(axis, start, shape[axis])))
        start += shape[axis]
    return _move(source, "concatenation", tuple(copies))


def split(source: Source) -> tuple[Layer, ...]:
    """SPLIT: into equal parts; its input comes after its axis."""
    shape, parts = source.shape_in(1), len(source.operator.outputs)
    axis = _axis(source, source.integer(0), len(shape))
    if parts == 0 or shape[axis] % parts:
        raise source.error(f"splits {shape[axis]} into {parts} parts, which is not even")
    return _split(source, 1, axis, (shape[axis] // parts,) * parts)


def split_v(source: Source) -> tuple[Layer, ...]:
    """SPLIT_V: into parts of given sizes, of which one may be -1: the rest."""
    shape = source.shape_in(0)
    axis = _axis(source, source.integer(2), len(shape))
    sizes = list(source.integers(1))
    if sizes.count(-1) == 1:
        sizes[sizes.index(-1)] = shape[axis] - sum(sizes) - 1
    if len(sizes) != len(source.operator.outputs) or sum(sizes) != shape[axis] or min(sizes) < 1:
        raise source.error(f"splits {shape[axis]} into {list(source.integers(1))}")
    return _split(source, 0, axis, tuple(sizes))


def _split(source: Source, position: int, axis: int, sizes: tuple[int, ...]) -> tuple[Layer, ...]:
    view = View.of(source.shape_in(position))
    starts = [sum(sizes[:number]) for number in range(len(sizes))]
    parts = [view.sliced(axis, start, size) for start, size in zip(starts, sizes, strict=True)]
    return _parts(source, "split", position, parts)


def unpack(source: Source) -> tuple[Layer, ...]:
    shape, count = source.shape_in(0), len(source.operator.outputs)
    axis = _axis(source, int(source.options["Axis"]), len(shape))
    if shape[axis] != count or source.options["Num"] != count:
        raise source.error(f"has {count} outputs for {shape[axis]} slices")
    return _parts(source, "unpack", 0, [View.of(shape).at(axis, index) for index in range(count)])


def _parts(source: Source, op: str, position: int, views: list[View]) -> tuple[Layer, ...]:
    """One layer for each output, a view of the input."""
    origin, layers = source.operand(position).name, list[Layer]()
    for number, view in enumerate(views):
        _same_quantization(source, position, number)
        _require_shape(source, number, view.shape)
        copies = (block_copy(0, view, View.of(view.shape)),)
        name = f"{source.name(op)}_{number}"
        layers.append(ir.Move(name, (origin,), source.output_tensor(number).name, copies))
    return tuple(layers)


def pack(source: Source) -> Layer:
    target, count = source.shape_out(0), len(source.operator.inputs)
    axis = _axis(source, int(source.options["Axis"]), len(target))
    if target[axis] != count or source.options["ValuesCount"] != count:
        raise source.error(f"packs {count} inputs into {target[axis]} slices")
    copies: list[BlockCopy] = []
    for position in range(count):
        _same_quantization(source, position)
        view = View.of(target).at(axis, position)
        if source.shape_in(position) != view.shape:
            raise source.error(f"packs shape {list(source.shape_in(position))} into {list(target)} at axis {axis}")
        copies.append(block_copy(position, View.of(view.shape), view))
    return _move(source, "pack", tuple(copies))


def slice_(source: Source) -> Layer:
    shape, begin, size = source.shape_in(0), source.integers(1), source.integers(2)
    if not len(begin) == len(size) == len(shape):
        raise source.error(f"has begin {list(begin)} and size {list(size)} for shape {list(shape)}")
    counts = [n - start if count == -1 else count for n, start, count in zip(shape, begin, size, strict=True)]
    if any(b < 0 or c < 1 or b + c > n for b, c, n in zip(begin, counts, shape, strict=True)):
        raise source.error(f"has begin {list(begin)} and size {list(size)}, outside of shape {list(shape)}")
    return _sliced(source, "slice", [Slice(b, c, 1, False) for b, c in zip(begin, counts, strict=True)])


def strided_slice(source: Source) -> Layer:
    options = source.options
    if options["EllipsisMask"] or options["NewAxisMask"] or options["Offset"]:
        raise source.error("has an ellipsis mask, new-axis mask or offset, which TFLM does not follow")
    masks = Masks(int(options["BeginMask"]), int(options["EndMask"]), int(options["ShrinkAxisMask"]))
    try:
        parts = slices(source.shape_in(0), source.integers(1), source.integers(2), source.integers(3), masks)
    except ValueError as error:
        raise source.error(str(error)) from error
    return _sliced(source, "strided_slice", parts)


def _sliced(source: Source, op: str, parts: list[Slice]) -> Layer:
    _same_quantization(source)
    view = View.of(source.shape_in(0))
    for axis, part in enumerate(parts):
        view = view.sliced(axis, part.start, part.count, part.step)
    for axis in reversed(range(len(parts))):
        view = view.at(axis, 0) if parts[axis].dropped else view
    _require_shape(source, 0, view.shape)
    return _move(source, op, (block_copy(0, view, View.of(view.shape)),))


def resize_nearest_neighbor(source: Source) -> Layer:
    _same_quantization(source)
    shape, size = source.shape_in(0), source.integers(1)
    if len(shape) != 4 or len(size) != 2 or not all(0 < side <= MAX_SIDE for side in (*size, *shape[1:])):
        raise source.error(
            f"resizes shape {list(shape)} to {list(size)}; NHWC with sides up to {MAX_SIDE} is supported"
        )
    _require_shape(source, 0, (shape[0], *size, shape[3]))
    rows, columns = (_nearest(source, n, m) for n, m in zip(shape[1:3], size, strict=True))
    return ir.ResizeNearest(source.name("resize"), source.operand(0).name, source.output().name, rows, columns)


def _nearest(source: Source, size: int, wanted: int) -> tuple[int, ...]:
    """TFLite's `GetNearestNeighbor` for each index, in single precision as there."""
    align, half = bool(source.options["AlignCorners"]), bool(source.options["HalfPixelCenters"])
    corners = align and wanted > 1
    scale = np.float32(size - 1) / np.float32(wanted - 1) if corners else np.float32(size) / np.float32(wanted)
    position = (np.arange(wanted, dtype=np.float32) + np.float32(0.5 if half else 0)) * scale
    index = np.floor(position.astype(np.float64) + 0.5) if align else np.floor(position)
    return tuple(int(i) for i in np.clip(index, 0, size - 1))


def _move(source: Source, op: str, copies: tuple[BlockCopy, ...], fill: int | None = None) -> Layer:
    """A layer of all the inputs that `copies` read."""
    if not copies:
        raise source.error("has no inputs")
    inputs = tuple(source.operand(position).name for position in range(1 + max(copy.source for copy in copies)))
    return ir.Move(source.name(op), inputs, source.output().name, copies, fill)


def _axis(source: Source, axis: int, rank: int) -> int:
    if not -rank <= axis < rank:
        raise source.error(f"is along axis {axis} of {rank}")
    return axis % rank


def _without(shape: tuple[int, ...], axis: int) -> tuple[int, ...]:
    return (*shape[:axis], *shape[axis + 1 :])


def _same_quantization(source: Source, position: int = 0, output: int = 0) -> None:
    given, made = source.operand(position).quant, source.output_tensor(output).quant
    if given != made:
        raise source.error(
            f"changes the quantization of input {position} from scale {given.scale[0]:g}, zero point "
            f"{given.zero_point} to scale {made.scale[0]:g}, zero point {made.zero_point}; it can only move values"
        )


def _require_shape(source: Source, output: int, shape: tuple[int, ...]) -> None:
    if source.shape_out(output) != shape:
        raise source.error(f"gives shape {list(shape)}, but its output {output} is {list(source.shape_out(output))}")


BUILDERS: dict[str, Callable[[Source], Layer | tuple[Layer, ...]]] = {
    "PAD": pad,
    "PADV2": pad,
    "TRANSPOSE": transpose,
    "CONCATENATION": concatenation,
    "SPLIT": split,
    "SPLIT_V": split_v,
    "UNPACK": unpack,
    "PACK": pack,
    "SLICE": slice_,
    "STRIDED_SLICE": strided_slice,
    "RESIZE_NEAREST_NEIGHBOR": resize_nearest_neighbor,
    "SQUEEZE": reshape,
    "EXPAND_DIMS": reshape,
}
