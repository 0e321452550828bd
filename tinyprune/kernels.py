"""Which C function of `cmsis_kernels/` runs a layer whose weights are in a given format.

One row of KERNELS for each (layer type, format); the format of a layer without weights is "". The file of a kernel has
the name of its function.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tinyprune import ir
from tinyprune.ir import Graph, Layer


@dataclass(frozen=True)
class Kernel:
    """A C function, and the bytes of scratch memory it needs for one layer."""

    function: str
    scratch_bytes: Callable[[Layer, Graph], int]


def _no_scratch(layer: Layer, graph: Graph) -> int:
    return 0


def _patch_bytes(layer: Layer, graph: Graph) -> int:
    """One gathered input patch; none where a patch is a run of the input: a 1x1 window without padding."""
    assert isinstance(layer, ir.Conv2D)
    window = layer.window
    if window.size == (1, 1) and window.padding == ir.Padding():
        return 0
    return window.size[0] * window.size[1] * graph.tensors[layer.input].shape[3]


KERNELS: dict[tuple[type[Layer], str], Kernel] = {
    (ir.Conv2D, "dense"): Kernel("tp_conv2d_dense_s8", _patch_bytes),
    (ir.Conv2D, "csr"): Kernel("tp_conv2d_csr_s8", _patch_bytes),
    (ir.DepthwiseConv2D, "dense"): Kernel("tp_depthwise_conv2d_dense_s8", _no_scratch),
    (ir.TransposeConv2D, "dense"): Kernel("tp_transpose_conv2d_dense_s8", _no_scratch),
    (ir.Dense, "dense"): Kernel("tp_dense_dense_s8", _no_scratch),
    (ir.Dense, "csr"): Kernel("tp_dense_csr_s8", _no_scratch),
    (ir.Add, ""): Kernel("tp_add_s8", _no_scratch),
    (ir.Sub, ""): Kernel("tp_sub_s8", _no_scratch),
    (ir.Mul, ""): Kernel("tp_mul_s8", _no_scratch),
    (ir.Maximum, ""): Kernel("tp_maximum_s8", _no_scratch),
    (ir.Minimum, ""): Kernel("tp_minimum_s8", _no_scratch),
    (ir.Prelu, ""): Kernel("tp_prelu_s8", _no_scratch),
    (ir.BatchMatMul, ""): Kernel("tp_batch_matmul_s8", _no_scratch),
    (ir.MaxPool, ""): Kernel("tp_max_pool_s8", _no_scratch),
    (ir.AveragePool, ""): Kernel("tp_average_pool_s8", _no_scratch),
    (ir.Mean, ""): Kernel("tp_reduce_s8", _no_scratch),
    (ir.Sum, ""): Kernel("tp_reduce_s8", _no_scratch),
    (ir.Reshape, ""): Kernel("tp_copy_s8", _no_scratch),
    (ir.Softmax, ""): Kernel("tp_softmax_s8", _no_scratch),
    (ir.Lut, ""): Kernel("tp_lut_s8", _no_scratch),
}


def weight_format(layer: Layer) -> str:
    return layer.weights.format if isinstance(layer, ir.Weighted) else ""


def kernel(layer: Layer) -> Kernel:
    return KERNELS[type(layer), weight_format(layer)]


def scratch_bytes(layer: Layer, graph: Graph) -> int:
    return kernel(layer).scratch_bytes(layer, graph)


def formats_for(layer: Layer) -> list[str]:
    """The formats in which this layer can run; empty for a layer without weights."""
    return [name for kind, name in KERNELS if kind is type(layer) and name]
