"""Which C function of `cmsis_kernels/` runs a layer whose weights are in a given format.

One row of KERNELS for each (layer type, format); the format of a layer without weights is "", and that of an SVDF the
width of its state. The file of a kernel has
the name of its function.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tinyprune import ir
from tinyprune.ir import Graph, Layer

MOVE_RANK = 6  # TP_MOVE_RANK of tp_kernels.h: the axes of a block that tp_move_s8 copies


def _never(layer: Layer) -> tuple[str, ...]:
    return ()


@dataclass(frozen=True)
class Kernel:
    """A C function, the bytes of scratch memory it needs for one layer, and the inputs at whose address its output may
    begin: each of their values is read for the last time before anything is written over it."""

    function: str
    scratch_bytes: Callable[[Layer, Graph], int]
    in_place: Callable[[Layer], tuple[str, ...]] = _never


def _no_scratch(layer: Layer, graph: Graph) -> int:
    return 0


def _patch_bytes(layer: Layer, graph: Graph) -> int:
    """One gathered input patch; none where a patch is a run of the input: a 1x1 window without padding."""
    assert isinstance(layer, ir.Conv2D)
    window = layer.window
    if window.size == (1, 1) and window.padding == ir.Padding():
        return 0
    return window.size[0] * window.size[1] * graph.tensors[layer.input].shape[3]


def _where_unpadded(layer: Layer) -> tuple[str, ...]:
    """A pool whose windows begin inside the input writes no value beyond the first one that it still has to read."""
    assert isinstance(layer, ir.MaxPool | ir.AveragePool)
    padding = layer.window.padding
    return (layer.input,) if padding.top == padding.left == 0 else ()


def _where_channels_stay(layer: Layer) -> tuple[str, ...]:
    """Over height and width, output c takes the place of a value of channel c, which has been summed by then."""
    assert isinstance(layer, ir.Reduce)
    return (layer.input,) if layer.axes == (1, 2) else ()


KERNELS: dict[tuple[type[Layer], str], Kernel] = {
    (ir.Conv2D, "dense"): Kernel("tp_conv2d_dense_s8", _patch_bytes),
    (ir.Conv2D, "csr"): Kernel("tp_conv2d_csr_s8", _patch_bytes),
    (ir.DepthwiseConv2D, "dense"): Kernel("tp_depthwise_conv2d_dense_s8", _no_scratch),
    (ir.TransposeConv2D, "dense"): Kernel("tp_transpose_conv2d_dense_s8", _no_scratch),
    (ir.Dense, "dense"): Kernel("tp_dense_dense_s8", _no_scratch),
    (ir.Dense, "csr"): Kernel("tp_dense_csr_s8", _no_scratch),
    (ir.Add, ""): Kernel("tp_add_s8", _no_scratch, ir.layer_inputs),
    (ir.Sub, ""): Kernel("tp_sub_s8", _no_scratch, ir.layer_inputs),
    (ir.Mul, ""): Kernel("tp_mul_s8", _no_scratch, ir.layer_inputs),
    (ir.Maximum, ""): Kernel("tp_maximum_s8", _no_scratch, ir.layer_inputs),
    (ir.Minimum, ""): Kernel("tp_minimum_s8", _no_scratch, ir.layer_inputs),
    (ir.Prelu, ""): Kernel("tp_prelu_s8", _no_scratch, ir.layer_inputs),
    (ir.BatchMatMul, ""): Kernel("tp_batch_matmul_s8", _no_scratch),
    (ir.MaxPool, ""): Kernel("tp_max_pool_s8", _no_scratch, _where_unpadded),
    (ir.AveragePool, ""): Kernel("tp_average_pool_s8", _no_scratch, _where_unpadded),
    (ir.Mean, ""): Kernel("tp_reduce_s8", _no_scratch, _where_channels_stay),
    (ir.Sum, ""): Kernel("tp_reduce_s8", _no_scratch, _where_channels_stay),
    (ir.Reshape, ""): Kernel("tp_copy_s8", _no_scratch, ir.layer_inputs),
    (ir.Softmax, ""): Kernel("tp_softmax_s8", _no_scratch, ir.layer_inputs),
    (ir.Lut, ""): Kernel("tp_lut_s8", _no_scratch, ir.layer_inputs),
    (ir.Move, ""): Kernel("tp_move_s8", _no_scratch),
    (ir.ResizeNearest, ""): Kernel("tp_resize_nearest_s8", _no_scratch),
    (ir.Lstm, ""): Kernel("tp_lstm_s8", _no_scratch),
    (ir.Svdf, "state8"): Kernel("tp_svdf_state8_s8", _no_scratch),
    (ir.Svdf, "state16"): Kernel("tp_svdf_state16_s8", _no_scratch),
}


def weight_format(layer: Layer) -> str:
    if isinstance(layer, ir.Svdf):
        return f"state{layer.state.bits}"
    return layer.weights.format if isinstance(layer, ir.Weighted) else ""


def kernel(layer: Layer) -> Kernel:
    return KERNELS[type(layer), weight_format(layer)]


def functions(layer: Layer) -> list[str]:
    """Every C function that the code of `layer` calls."""
    filled = isinstance(layer, ir.Move) and layer.fill is not None
    return ["tp_fill_s8", kernel(layer).function] if filled else [kernel(layer).function]


def scratch_bytes(layer: Layer, graph: Graph) -> int:
    return kernel(layer).scratch_bytes(layer, graph)


def formats_for(layer: Layer) -> list[str]:
    """The formats in which this layer can run; empty for a layer without weights."""
    return [name for kind, name in KERNELS if kind is type(layer) and name]
