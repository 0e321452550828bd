"""Products of matrices, and transposed convolutions."""

from __future__ import annotations

from collections.abc import Callable

from tinyprune import formats, ir
from tinyprune.frontend.tflite_operators import SAME, VALID, Source
from tinyprune.ir import Graph, Layer, Padding, Window
from tinyprune.reference import matrices

MAX_DEPTH = 33_000  # so many products of two differences of int8 values stay inside int32


def batch_matmul(source: Source) -> Layer:
    a, b, y = source.operand(0), source.operand(1), source.output()
    adjoint = bool(source.options["AdjX"]), bool(source.options["AdjY"])
    layer = ir.BatchMatMul(source.name("batch_matmul"), a.name, b.name, y.name, *adjoint)
    alone = Graph(source.model, {tensor.name: tensor for tensor in (a, b, y)}, (layer,), (a.name,), (y.name,))
    try:
        shapes = matrices.matrices(layer, alone)
        matrices.matmul_requant(a, b, y, shapes.depth)
    except ValueError as error:
        raise source.error(f"has shapes {list(a.shape)} and {list(b.shape)}: {error}") from error
    if shapes.depth > MAX_DEPTH:
        raise source.error(f"sums {shapes.depth:,} products; at most {MAX_DEPTH:,} stay inside 32 bits")
    return layer


def transpose_conv(source: Source) -> Layer:
    """Input 0 is the shape of the output, which the output tensor has too."""
    values, quant = source.weights(channel_axis=0, rank=4)
    x, y = source.input(2), source.output()
    if len(x.shape) != 4 or len(y.shape) != 4 or (values.shape[0], values.shape[3]) != (y.shape[3], x.shape[3]):
        raise source.error(f"has weights {list(values.shape)} from {list(x.shape)} to {list(y.shape)}")
    return ir.TransposeConv2D(
        source.name("transpose_conv2d"),
        x.name,
        y.name,
        formats.pack("dense", values, quant),
        source.bias(values.shape[0], position=3),
        transposed_window(source, (values.shape[1], values.shape[2]), (y.shape[1], y.shape[2])),
        source.clamp(),
    )


def transposed_window(source: Source, size: tuple[int, int], output: tuple[int, int]) -> Window:
    """The padding of the convolution from the output to the input; TFLM crops it from the output."""
    stride = int(source.options["StrideH"]), int(source.options["StrideW"])
    if min(stride) < 1 or source.options["Padding"] not in (SAME, VALID):
        raise source.error(f"has stride {stride}: it must be at least 1")
    if source.options["Padding"] == VALID:
        return Window(size, stride)
    sides: list[int] = []
    for length, window, step in zip(output, size, stride, strict=True):
        total = max((-(-length // step) - 1) * step + window - length, 0)
        sides += [total // 2, total - total // 2]
    return Window(size, stride, padding=Padding(*sides))


BUILDERS: dict[str, Callable[[Source], Layer]] = {"BATCH_MATMUL": batch_matmul, "TRANSPOSE_CONV": transpose_conv}
