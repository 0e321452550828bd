"""Random layers that move values: views forwards and backwards, gathered, scattered and joined."""

from __future__ import annotations

from hypothesis import strategies as st
from layer_builder import Builder

from tinyprune import ir
from tinyprune.frontend.views import View, block_copy
from tinyprune.ir import Layer


def reshape(build: Builder) -> Layer:
    target = build.target((1, build.source.bytes), build.source.quant)
    return ir.Reshape(build.name("reshape"), build.source.name, target)


def move(build: Builder) -> Layer:
    return build.draw(st.sampled_from([gathered, scattered, joined]))(build)


def gathered(build: Builder) -> Layer:
    view = any_view(build)
    target = build.target((1, *view.shape), build.source.quant)
    copies = (block_copy(0, view, View.of(view.shape)),)
    return ir.Move(build.name("move"), (build.source.name,), target, copies)


def scattered(build: Builder) -> Layer:
    """Into a part of an output of the input's shape, the rest filled."""
    view = any_view(build)
    target = build.target(build.source.shape, build.source.quant)
    part = View.of(build.source.shape)
    for axis, size in enumerate((1, *sorted_like(view.shape, build.source.shape[1:]))):
        part = part.sliced(axis, 0, size)
    origin = View.of(build.source.shape)
    for axis, size in enumerate(part.shape):
        origin = origin.sliced(axis, build.source.shape[axis] - 1, size, -1)
    fill = build.draw(st.integers(-128, 127))
    return ir.Move(build.name("move"), (build.source.name,), target, (block_copy(0, origin, part),), fill)


def sorted_like(sizes: tuple[int, ...], bounds: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(min(size, bound) for size, bound in zip(sizes, bounds, strict=True))


def joined(build: Builder) -> Layer:
    """The input, a constant and the input again, along any axis."""
    axis = build.draw(st.integers(1, len(build.source.shape) - 1))
    size = build.source.shape[axis]
    shape = (*build.source.shape[:axis], 3 * size, *build.source.shape[axis + 1 :])
    names = (build.source.name, build.constant(build.source.shape, build.source.quant))
    target, whole, parts = build.target(shape, build.source.quant), View.of(build.source.shape), View.of(shape)
    copies = tuple(block_copy(source, whole, parts.sliced(axis, i * size, size)) for i, source in enumerate((0, 1, 0)))
    return ir.Move(build.name("move"), names, target, copies)


def any_view(build: Builder) -> View:
    """Axes of the input but the batch in any order, of each some indices, forwards or backwards."""
    whole = View.of(build.source.shape).at(0, 0)
    view = whole.transposed(tuple(build.draw(st.permutations(range(len(whole.shape))))))
    for axis, size in enumerate(view.shape):
        step = build.draw(st.sampled_from([1, 2, -1, -3]))
        count = build.draw(st.integers(1, (size - 1) // abs(step) + 1))
        first = build.draw(st.integers(0, size - 1 - (count - 1) * abs(step)))
        view = view.sliced(axis, first if step > 0 else size - 1 - first, count, step)
    return view


def resize_nearest(build: Builder) -> Layer:
    """Any tables."""
    _, height, width, channels = build.source.shape
    rows, columns = (
        tuple(build.draw(st.lists(st.integers(0, size - 1), min_size=1, max_size=9))) for size in (height, width)
    )
    target = build.target((1, len(rows), len(columns), channels), build.source.quant)
    return ir.ResizeNearest(build.name("resize"), build.source.name, target, rows, columns)
