"""Random layers without weights that compute: of one value, of two, of a window, of an axis."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from hypothesis import strategies as st
from layer_builder import ZERO_POINTS, Builder

from tinyprune import ir
from tinyprune.ir import Binary, Layer, Pool, Quant, Reduce, Tensor

Shape = tuple[int, ...]
ScaleOf = Callable[[Builder, Tensor, Tensor], float]  # of the output of an operator of two inputs


def sum_scale(build: Builder, a: Tensor, b: Tensor) -> float:
    return max(a.scale, b.scale) * build.power(-10, 10)


def product_scale(build: Builder, a: Tensor, b: Tensor) -> float:
    """A product may be raised by 14 bits at most."""
    return a.scale * b.scale * build.power(-13, 16)


def prelu_scale(build: Builder, a: Tensor, b: Tensor) -> float:
    """And an input by 22."""
    return max(a.scale * 2**-21, a.scale * b.scale * 2**-13) * build.power(0, 24)


def binary(kind: type[Binary], scale_of: ScaleOf) -> Callable[[Builder], Layer]:
    """Of the input and itself, an earlier output or a constant, of its shape or one that broadcasts to it."""

    def make(build: Builder) -> Layer:
        other = partner(build, build.draw(ZERO_POINTS), build.source.scale * build.power(-6, 6))
        scale = scale_of(build, build.source, build.tensors[other])
        target = build.target(build.source.shape, Quant((scale,), build.draw(ZERO_POINTS)))
        return ordered(build, kind, other, target)

    return make


def comparison(kind: type[Binary]) -> Callable[[Builder], Layer]:
    """All of one quantization."""

    def make(build: Builder) -> Layer:
        other = partner(build, build.source.zero_point, build.source.scale, alike=True)
        return ordered(build, kind, other, build.target(build.source.shape, build.source.quant))

    return make


def partner(build: Builder, zero_point: int, scale: float, *, alike: bool = False) -> str:
    """An activation, or a constant of this quantization; `alike`, one of the input's quantization."""
    known = [tensor for tensor in build.readable() if broadcasts(tensor.shape, build.source.shape)]
    names = [tensor.name for tensor in known if not alike or tensor.quant == build.source.quant]
    name = build.draw(st.sampled_from([*names, "constant", "constant"]))
    if name != "constant":
        return name
    shape = [size if build.draw(st.booleans()) else 1 for size in build.source.shape[1:]]
    return build.constant((1, *shape[build.draw(st.integers(0, len(shape))) :]), Quant((scale,), zero_point))


def broadcasts(shape: Shape, to: Shape) -> bool:
    pairs = zip(shape[::-1], to[::-1], strict=False)
    return len(shape) <= len(to) and all(size in (1, wanted) for size, wanted in pairs)


def ordered(build: Builder, kind: type[Binary], other: str, target: str) -> Layer:
    layer = kind(build.name(kind.__name__.lower()), build.source.name, other, target, build.clamp())
    swapped = build.draw(st.booleans()) and kind is not ir.Prelu  # whose inputs have different bounds
    return replace(layer, input=other, other=build.source.name) if swapped else layer


def pool(kind: type[Pool]) -> Callable[[Builder], Layer]:
    def make(build: Builder) -> Layer:
        window = build.window(dilated=False)
        target = build.target((1, *build.slid(window), build.source.shape[3]), build.source.quant)
        return kind(build.name(kind.__name__.lower()), build.source.name, target, window, build.clamp())

    return make


def reduction(kind: type[Reduce], highest_gain: float) -> Callable[[Builder], Layer]:
    """Over any axes."""

    def make(build: Builder) -> Layer:
        axes = tuple(sorted(build.draw(st.sets(st.integers(1, 3), min_size=1))))
        shape = tuple(size for axis, size in enumerate(build.source.shape) if axis not in axes)
        quant = Quant((build.source.scale * build.power(-highest_gain, 12),), build.draw(ZERO_POINTS))
        return kind(build.name(kind.__name__.lower()), build.source.name, build.target(shape, quant), axes)

    return make


def softmax(build: Builder) -> Layer:
    target = build.target(build.source.shape, Quant((1 / 256,), -128))
    beta = build.power(-8, 8) / build.source.scale
    return ir.Softmax(build.name("softmax"), build.source.name, target, beta)


def lut(build: Builder) -> Layer:
    """Any table: the kernel knows nothing of what it stands for."""
    table = build.random().integers(-128, 128, 256, np.int8)
    return ir.Lut(build.name("lut"), build.source.name, build.target(build.source.shape), "any", table)
