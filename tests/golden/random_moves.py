"""Generators of the operators that move values and change none. The batch stays first, and every rank at 2 to 4."""

from __future__ import annotations

import math

from random_sketch import Generator, Shape, Sketch, Value
from random_weighted import MOST_GROWN, grown

MAX_RANK = 4
MAX_PARTS = 5


def reshape(sketch: Sketch, x: Value) -> None:
    divisors = [d for d in range(1, x.size + 1) if x.size % d == 0]
    height = sketch.pick(divisors)
    width = sketch.pick([d for d in divisors if x.size // height % d == 0])
    shape = (1, x.size) if sketch.chance(0.3) else (1, height, width, x.size // height // width)
    y = sketch.like(shape, x)
    sketch.writer.operator("RESHAPE", [x.index, sketch.ints(shape)], [y.index], NewShape=shape)


def squeeze(sketch: Sketch, x: Value) -> None:
    ones = [axis for axis in range(1, len(x.shape)) if x.shape[axis] == 1]
    dropped = ones[: sketch.number(1, min(len(ones), len(x.shape) - 2))]
    y = sketch.like([size for axis, size in enumerate(x.shape) if axis not in dropped], x)
    dims = [sketch.axis(axis, len(x.shape)) for axis in dropped]
    sketch.writer.operator("SQUEEZE", [x.index], [y.index], SqueezeDims=dims)


def expand_dims(sketch: Sketch, x: Value) -> None:
    axis = sketch.number(0, len(x.shape))
    y = sketch.like((*x.shape[:axis], 1, *x.shape[axis:]), x)
    sketch.writer.operator("EXPAND_DIMS", [x.index, sketch.ints(sketch.axis(axis, len(y.shape)))], [y.index])


def pad(sketch: Sketch, x: Value) -> None:
    sides, y = padded(sketch, x)
    sketch.writer.operator("PAD", [x.index, sides], [y.index])


def padv2(sketch: Sketch, x: Value) -> None:
    sides, y = padded(sketch, x)
    sketch.writer.operator("PADV2", [x.index, sides, sketch.operand((1,), x).index], [y.index])


def padded(sketch: Sketch, x: Value) -> tuple[int, Value]:
    """The paddings and the output."""
    sides = [(0, 0), *((sketch.number(0, 2), sketch.number(0, 3)) for _ in x.shape[1:])]
    shape = [before + size + after for size, (before, after) in zip(x.shape, sides, strict=True)]
    return sketch.ints(sides), sketch.like(shape, x)


def transpose(sketch: Sketch, x: Value) -> None:
    order = [0, *(int(axis) + 1 for axis in sketch.random.permutation(len(x.shape) - 1))]
    y = sketch.like([x.shape[axis] for axis in order], x)
    sketch.writer.operator("TRANSPOSE", [x.index, sketch.ints(order)], [y.index])


def concatenation(sketch: Sketch, x: Value) -> None:
    """Of `x`, perhaps repeated, and what earlier activations and constants fit to it."""
    axis = sketch.number(1, len(x.shape) - 1)
    fitting = [value for value in sketch.values if value.means_the_same(x) and without(value, axis) == without(x, axis)]
    parts = shuffled_with(sketch, x, [*fitting, sketch.operand(resized(x, axis, sketch.number(1, 4)), x)])
    y = sketch.like(resized(x, axis, sum(part.shape[axis] for part in parts)), x)
    operands = [part.index for part in parts]
    sketch.writer.operator("CONCATENATION", operands, [y.index], Axis=sketch.axis(axis, len(x.shape)))


def shuffled_with(sketch: Sketch, x: Value, fitting: list[Value]) -> list[Value]:
    """`x` and up to two others, in any order."""
    parts = [x, *(fitting[sketch.number(0, len(fitting) - 1)] for _ in range(sketch.number(0, 2)))]
    return [parts[int(number)] for number in sketch.random.permutation(len(parts))]


def resized(x: Value, axis: int, size: int) -> Shape:
    return (*x.shape[:axis], size, *x.shape[axis + 1 :])


def without(x: Value, axis: int) -> tuple[int, Shape, Shape]:
    return len(x.shape), x.shape[:axis], x.shape[axis + 1 :]


def split(sketch: Sketch, x: Value) -> None:
    axis = sketch.number(1, len(x.shape) - 1)
    parts = sketch.pick([count for count in range(1, MAX_PARTS + 1) if x.shape[axis] % count == 0])
    outputs = parted(sketch, x, axis, [x.shape[axis] // parts] * parts)
    given = sketch.ints(sketch.axis(axis, len(x.shape)))
    sketch.writer.operator("SPLIT", [given, x.index], outputs, NumSplits=parts)


def split_v(sketch: Sketch, x: Value) -> None:
    """Into uneven parts, of which one may be given as -1."""
    axis, sizes = sketch.number(1, len(x.shape) - 1), list[int]()
    while sum(sizes) < x.shape[axis]:
        rest = x.shape[axis] - sum(sizes)
        sizes.append(rest if len(sizes) == MAX_PARTS - 1 else sketch.number(1, rest))
    outputs, given = parted(sketch, x, axis, sizes), list(sizes)
    if sketch.chance(0.4):
        given[sketch.number(0, len(given) - 1)] = -1
    operands = [x.index, sketch.ints(given), sketch.ints(sketch.axis(axis, len(x.shape)))]
    sketch.writer.operator("SPLIT_V", operands, outputs, NumSplits=len(sizes))


def parted(sketch: Sketch, x: Value, axis: int, sizes: list[int]) -> list[int]:
    return [sketch.like(resized(x, axis, size), x).index for size in sizes]


def unpack(sketch: Sketch, x: Value) -> None:
    axis = sketch.pick([axis for axis in range(1, len(x.shape)) if x.shape[axis] <= MAX_PARTS])
    outputs = [sketch.like((*x.shape[:axis], *x.shape[axis + 1 :]), x).index for _ in range(x.shape[axis])]
    sketch.writer.operator("UNPACK", [x.index], outputs, Num=x.shape[axis], Axis=sketch.axis(axis, len(x.shape)))


def pack(sketch: Sketch, x: Value) -> None:
    axis = sketch.number(1, len(x.shape))
    fitting = [value for value in sketch.values if value.means_the_same(x) and value.shape == x.shape]
    operands = [part.index for part in shuffled_with(sketch, x, [*fitting, sketch.operand(x.shape, x)])]
    y = sketch.like((*x.shape[:axis], len(operands), *x.shape[axis:]), x)
    options = {"ValuesCount": len(operands), "Axis": sketch.axis(axis, len(y.shape))}
    sketch.writer.operator("PACK", operands, [y.index], **options)


def slice_(sketch: Sketch, x: Value) -> None:
    begin = [sketch.number(0, size - 1) for size in x.shape]
    taken = [sketch.number(1, size - start) for size, start in zip(x.shape, begin, strict=True)]
    y = sketch.like(taken, x)
    given = [
        -1 if start + count == size and sketch.chance(0.5) else count
        for size, start, count in zip(x.shape, begin, taken, strict=True)
    ]
    sketch.writer.operator("SLICE", [x.index, sketch.ints(begin), sketch.ints(given)], [y.index])


def strided_slice(sketch: Sketch, x: Value) -> None:
    """Forwards and backwards, from either end, with open ends, and with axes that are dropped."""
    begin, end, strides, shape = [0], [1], [1], [1]
    masks = {"BeginMask": 0, "EndMask": 0, "ShrinkAxisMask": 0}
    for axis, size in enumerate(x.shape[1:], 1):
        step = sketch.pick((1, 1, 2, 3, -1, -2))
        first = sketch.number(0, size - 1)
        room = size - first if step > 0 else first + 1
        count = sketch.number(1, -(-room // abs(step)))
        past = first + step * (count - 1) + (1 if step > 0 else -1)
        open_end = count == -(-room // abs(step)) and (past < 0 or sketch.chance(0.5))
        drops = step > 0 and len(x.shape) - masks["ShrinkAxisMask"].bit_count() > 2 and sketch.chance(0.2)
        masks["BeginMask"] |= (first == (0 if step > 0 else size - 1) and not drops and sketch.chance(0.5)) << axis
        masks["EndMask"] |= (open_end and not drops) << axis
        masks["ShrinkAxisMask"] |= drops << axis
        begin.append(sketch.axis(first, size))
        end.append(past if past >= 0 else -size - 1)
        strides.append(step)
        shape += [] if drops else [count]
    y = sketch.like(shape, x)
    operands = [x.index, *map(sketch.ints, (begin, end, strides))]
    sketch.writer.operator("STRIDED_SLICE", operands, [y.index], **masks)


def resize_nearest_neighbor(sketch: Sketch, x: Value) -> None:
    size = sketch.number(1, 12), sketch.number(1, 12)
    y = sketch.like((1, *size, x.shape[3]), x)
    options = {"AlignCorners": sketch.chance(0.4), "HalfPixelCenters": sketch.chance(0.4)}
    sketch.writer.operator("RESIZE_NEAREST_NEIGHBOR", [x.index, sketch.ints(size)], [y.index], **options)


def has_a_one(shape: Shape) -> bool:
    return len(shape) > 2 and 1 in shape[1:]


def takes_an_axis(shape: Shape) -> bool:
    return len(shape) < MAX_RANK and math.prod(shape) <= MOST_GROWN


def has_few_slices(shape: Shape) -> bool:
    return len(shape) > 2 and min(shape[1:]) <= MAX_PARTS


def small(shape: Shape) -> bool:
    return math.prod(shape) <= MOST_GROWN


MOVES = {
    "RESHAPE": Generator(reshape, weight=0.7),
    "SQUEEZE": Generator(squeeze, has_a_one),
    "EXPAND_DIMS": Generator(expand_dims, takes_an_axis, 1.5),
    "PAD": Generator(pad, small, 0.7),
    "PADV2": Generator(padv2, small, 0.6),
    "TRANSPOSE": Generator(transpose, weight=0.7),
    "CONCATENATION": Generator(concatenation, small, 0.8),
    "SPLIT": Generator(split, weight=0.6),
    "SPLIT_V": Generator(split_v, weight=0.6),
    "UNPACK": Generator(unpack, has_few_slices, 0.6),
    "PACK": Generator(pack, takes_an_axis, 1.5),
    "SLICE": Generator(slice_, weight=0.5),
    "STRIDED_SLICE": Generator(strided_slice, weight=0.6),
    "RESIZE_NEAREST_NEIGHBOR": Generator(resize_nearest_neighbor, grown, 0.8),
}
