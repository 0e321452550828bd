"""Which C functions of `cmsis_kernels/` run a layer whose weights are in a given format.

One row of KERNELS for each (layer type, format), the plain kernel first, then those that need more of the core or of
the layer; the format of a layer without weights is "", that of an SVDF the width of its state. The file of a kernel has
the name of its function.
"""

from __future__ import annotations

import numpy as np

from tinyprune import ir
from tinyprune.arithmetic import Requant
from tinyprune.ir import Graph, Int32, Layer, Variant, Weighted
from tinyprune.kernels import (
    blocks,
    columns,
    depthwise,
    depthwise_any,
    fully_connected,
    h_packing,
    input_pairs,
    instructions,
    n_of_m,
    pixel_pairs,
    quarters,
    sparse_rows,
    sum_level,
    sum_tables,
    triples,
    walks,
    winograd,
)
from tinyprune.kernels.kernel import Kernel as Kernel
from tinyprune.kernels.kernel import Operand as Operand
from tinyprune.reference import convolution

MOVE_RANK = 6  # TP_MOVE_RANK of tp_kernels.h: the axes of a block that tp_move_s8 copies


def _patch_bytes(layer: Layer, graph: Graph) -> int:
    """One gathered input patch; none where a patch is a run of the input: a 1x1 window without padding."""
    assert isinstance(layer, ir.Conv2D)
    window = layer.window
    if window.size == (1, 1) and window.padding == ir.Padding():
        return 0
    return window.size[0] * window.size[1] * graph.tensors[layer.input].shape[3]


def _accumulator_bytes(layer: Layer, graph: Graph) -> int:
    """One int32 for each output channel."""
    return 4 * graph.tensors[layer.output].shape[3]


def _where_unpadded(layer: Layer) -> tuple[str, ...]:
    """A pool whose windows begin inside the input writes no value beyond the first one that it still has to read."""
    assert isinstance(layer, ir.MaxPool | ir.AveragePool)
    padding = layer.window.padding
    return (layer.input,) if padding.top == padding.left == 0 else ()


def _where_channels_stay(layer: Layer) -> tuple[str, ...]:
    """Over height and width, output c takes the place of a value of channel c, which has been summed by then."""
    assert isinstance(layer, ir.Reduce)
    return (layer.input,) if layer.axes == (1, 2) else ()


CONV2D_BSR = Kernel("tp_conv2d_bsr_s8", _patch_bytes, operand=blocks.as_stored)  # blocks of any shape
DENSE_BSR = Kernel("tp_dense_bsr_s8", operand=blocks.as_stored)
CONV2D_NM = Kernel("tp_conv2d_nm_s8", _patch_bytes, operand=n_of_m.as_stored)  # N of M neighbours, any of them
DENSE_NM = Kernel("tp_dense_nm_s8", operand=n_of_m.as_stored)

KERNELS: dict[tuple[type[Layer], str], tuple[Kernel, ...]] = {
    (ir.Conv2D, "dense"): (
        Kernel("tp_conv2d_dense_s8", _patch_bytes),
        triples.CONV2D_DENSE,
        winograd.CONV2D_DENSE,
        h_packing.CONV2D_DENSE,
    ),
    (ir.Conv2D, "csr"): (Kernel("tp_conv2d_csr_s8", _patch_bytes), triples.CONV2D_CSR, pixel_pairs.CONV2D_CSR),
    (ir.Conv2D, "csr_delta"): (Kernel("tp_conv2d_csr_delta_s8", _patch_bytes),),
    (ir.Conv2D, "csr_delta4"): (Kernel("tp_conv2d_csr_delta4_s8", _patch_bytes),),
    (ir.Conv2D, "bitmap"): (Kernel("tp_conv2d_bitmap_s8", _patch_bytes),),
    (ir.Conv2D, "bsr_2x2"): (CONV2D_BSR, blocks.CONV2D_BSR_2X2),
    (ir.Conv2D, "bsr_4x1"): (CONV2D_BSR,),
    (ir.Conv2D, "bsr_4x2"): (CONV2D_BSR,),
    (ir.Conv2D, "bsr_1x4"): (CONV2D_BSR,),
    (ir.Conv2D, "nm_1_4"): (CONV2D_NM, n_of_m.CONV2D),
    (ir.Conv2D, "nm_2_4"): (CONV2D_NM, n_of_m.CONV2D),
    (ir.Conv2D, "nm_4_8"): (CONV2D_NM, n_of_m.CONV2D),
    (ir.DepthwiseConv2D, "dense"): (
        Kernel("tp_depthwise_conv2d_dense_s8", _accumulator_bytes),
        triples.DEPTHWISE_DENSE,
        walks.DEPTHWISE_DENSE,
        depthwise.DEPTHWISE_DENSE,
        depthwise_any.DEPTHWISE_DENSE,
    ),
    (ir.TransposeConv2D, "dense"): (Kernel("tp_transpose_conv2d_dense_s8"),),
    (ir.Dense, "dense"): (
        Kernel("tp_dense_dense_s8"),
        quarters.DENSE_DENSE,
        triples.DENSE_DENSE,
        fully_connected.DENSE,
    ),
    (ir.Dense, "csr"): (Kernel("tp_dense_csr_s8"),),
    (ir.Dense, "csr_delta"): (Kernel("tp_dense_csr_delta_s8"), sparse_rows.CSR_DELTA),
    (ir.Dense, "csr_delta4"): (Kernel("tp_dense_csr_delta4_s8"),),
    (ir.Dense, "bitmap"): (Kernel("tp_dense_bitmap_s8"),),
    (ir.Dense, "bsr_2x2"): (DENSE_BSR,),
    (ir.Dense, "bsr_4x1"): (DENSE_BSR, sparse_rows.BSR_4X1),
    (ir.Dense, "bsr_4x2"): (DENSE_BSR,),
    (ir.Dense, "bsr_1x4"): (DENSE_BSR,),
    (ir.Dense, "nm_1_4"): (DENSE_NM, input_pairs.DENSE),
    (ir.Dense, "nm_2_4"): (DENSE_NM, input_pairs.DENSE),
    (ir.Dense, "nm_4_8"): (DENSE_NM,),
    (ir.Dense, "csc"): (columns.DENSE_CSC,),
    (ir.Dense, "code"): (instructions.DENSE_CODE, instructions.DENSE_CODE_STAIRS),
    (ir.Add, ""): (Kernel("tp_add_s8", in_place=ir.layer_inputs), sum_tables.SUM, sum_level.SUM),
    (ir.Sub, ""): (Kernel("tp_sub_s8", in_place=ir.layer_inputs), sum_tables.SUM, sum_level.SUM),
    (ir.Mul, ""): (Kernel("tp_mul_s8", in_place=ir.layer_inputs),),
    (ir.Maximum, ""): (Kernel("tp_maximum_s8", in_place=ir.layer_inputs),),
    (ir.Minimum, ""): (Kernel("tp_minimum_s8", in_place=ir.layer_inputs),),
    (ir.Prelu, ""): (Kernel("tp_prelu_s8", in_place=ir.layer_inputs),),
    (ir.BatchMatMul, ""): (Kernel("tp_batch_matmul_s8"),),
    (ir.MaxPool, ""): (Kernel("tp_max_pool_s8", in_place=_where_unpadded),),
    (ir.AveragePool, ""): (Kernel("tp_average_pool_s8", in_place=_where_unpadded),),
    (ir.Mean, ""): (Kernel("tp_reduce_s8", in_place=_where_channels_stay),),
    (ir.Sum, ""): (Kernel("tp_reduce_s8", in_place=_where_channels_stay),),
    (ir.Reshape, ""): (Kernel("tp_copy_s8", in_place=ir.layer_inputs),),
    (ir.Softmax, ""): (Kernel("tp_softmax_s8", in_place=ir.layer_inputs),),
    (ir.Lut, ""): (Kernel("tp_lut_s8", in_place=ir.layer_inputs),),
    (ir.Move, ""): (Kernel("tp_move_s8"),),
    (ir.ResizeNearest, ""): (Kernel("tp_resize_nearest_s8"),),
    (ir.Lstm, ""): (Kernel("tp_lstm_s8"),),
    (ir.Svdf, "state8"): (Kernel("tp_svdf_state8_s8"),),
    (ir.Svdf, "state16"): (Kernel("tp_svdf_state16_s8"),),
}


def weight_format(layer: Layer) -> str:
    if isinstance(layer, ir.Svdf):
        return f"state{layer.state.bits}"
    return layer.weights.format if isinstance(layer, ir.Weighted) else ""


def variant(layer: Layer) -> Variant:
    if isinstance(layer, ir.Binary):
        return Variant(layer.kernel)
    return layer.variant if isinstance(layer, ir.Weighted) else ir.PLAIN


def kernel(layer: Layer) -> Kernel:
    """The kernel that `layer` runs in: that of its variant, or the plain one of its format."""
    rows = KERNELS[type(layer), weight_format(layer)]
    chosen = variant(layer).kernel
    every = (*rows, *(row.wide for row in rows if row.wide))
    return next(row for row in every if row.function == chosen) if chosen else rows[0]


def narrow(function: str) -> str:
    """The kernel whose twin `function` is, or else `function`."""
    twins = {row.wide.function: row.function for rows in KERNELS.values() for row in rows if row.wide}
    return twins.get(function, function)


def scratch_bytes(layer: Layer, graph: Graph) -> int:
    return kernel(layer).scratch_bytes(layer, graph)


def operand(layer: Weighted, graph: Graph) -> Operand:
    """The weights as the layer's kernel reads them."""
    return kernel(layer).operand(layer, graph)


def bias(layer: Weighted, graph: Graph) -> Int32 | None:
    """The bias as the layer's kernel reads it, (O,); None where it reads none.

    No term leaves int32: `verify` proved |bias - zp * sum(w)| + 128 * sum(|w|) < 2^31, and kernels raise inputs by 128
    at most.
    """
    if "bias" in kernel(layer).folded:
        return None
    return convolution.kernel_bias(layer, graph.tensors[layer.input], kernel(layer).raised).astype(np.int32)


def requant(layer: Weighted, graph: Graph) -> Requant | None:
    """Multipliers and shifts, or what the layer's kernel has in their places: one an output channel, or one for all;
    None where it reads none."""
    if "requant" in kernel(layer).folded:
        return None
    return kernel(layer).requant(layer, graph)


def resident_bytes(graph: Graph) -> int:
    """The weights that are copied into SRAM at boot."""
    weighted = [layer for layer in graph.layers if isinstance(layer, Weighted)]
    return sum(operand(layer, graph).bytes for layer in weighted if layer.variant.weights == "sram")


ON_REQUEST = frozenset({"csc"})
"""Formats whose kernels take a time that depends on the input: taken where they are asked for, never chosen."""


def formats_for(layer: Layer) -> list[str]:
    """The formats in which this layer can run; empty for a layer without weights."""
    return [name for kind, name in KERNELS if kind is type(layer) and name]


def eligible_formats(layer: Layer) -> list[str]:
    """Those of them that are chosen unasked."""
    return [name for name in formats_for(layer) if name not in ON_REQUEST]


def refusals(layer: Layer, graph: Graph, features: frozenset[str]) -> dict[str, str]:
    """Where `layer` runs in the plain kernel of its format: why it cannot run in those others that a core with
    `features` has."""
    rows = KERNELS[type(layer), weight_format(layer)]
    others = [row for row in rows if row.needs <= features] if kernel(layer) is rows[0] else []
    return {row.function: reason for row in others if (reason := row.unfit(layer, graph))}


def variants(layer: Weighted | ir.Binary, graph: Graph, features: frozenset[str]) -> list[Variant]:
    """The ways to run this layer in its format on a core with `features`: each kernel whose precondition holds, with
    each strip height and each place of the weights worth trying; the plain one first."""
    rows = KERNELS[type(layer), weight_format(layer)]
    fitting = [row for row in rows if row.needs <= features and not row.unfit(layer, graph)]
    return [
        Variant(row.function, height, place)
        for row in fitting
        for height in row.strips(layer, graph)
        for place in row.places(layer, graph)
    ]


def can_run(function: str, layer: Weighted | ir.Binary, graph: Graph, features: frozenset[str]) -> bool:
    """Whether a core with `features` can run `layer`, in its format, in that kernel."""
    return any(one.kernel == function for one in variants(layer, graph, features))
