"""N:M weights: of each M neighbours of a row at most N are not zero."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tinyprune import ir
from tinyprune.arithmetic import Int64
from tinyprune.formats import unpack
from tinyprune.formats.nm import NM
from tinyprune.ir import Graph, Int8, Layer, Weighted
from tinyprune.kernels import pixel_pairs
from tinyprune.kernels.kernel import Kernel, Operand
from tinyprune.kernels.packing import Packing, packing, strips
from tinyprune.kernels.tile_lists import is_level, requant

FOUR = 4  # weights in a step
ENTRY = 4  # bytes
OTHER_WORDS = 7  # of a list, beside its entries


def pattern(layer: Weighted) -> NM:
    """That of its format, `nm_N_M`."""
    kept, group = map(int, layer.weights.format.removeprefix("nm_").split("_"))
    return NM(kept, group)


def as_stored(layer: Weighted, graph: Graph) -> Operand:
    """The arrays of the format as they are, and N and M."""
    known = pattern(layer)
    return Operand("tp_nm_weights", layer.weights.arrays, {"kept": known.kept, "group": known.group})


def steps(matrix: Int8, known: NM) -> tuple[Int8, NDArray[np.uint8]]:
    """Values and places of (channels, columns) weights, four at a time, with zeros for what there is not: (channels,
    steps, 4)."""
    groups_a_step = FOUR // known.kept
    whole = np.pad(matrix, ((0, 0), (0, -matrix.shape[1] % (known.group * groups_a_step))))
    values, positions = known.groups(whole)
    return values.reshape(len(matrix), -1, FOUR), positions.reshape(len(matrix), -1, FOUR)


def _packing(layer: Layer, graph: Graph) -> Packing:
    """Patches where groups would lie in two runs of a strip, as pixels of it are no whole groups."""
    assert isinstance(layer, ir.Conv2D)
    packed = packing(layer, graph, value_bytes=4)
    run = packed.channels * (layer.window.size[1] if layer.window.dilation[1] == 1 else 1)
    return replace(packed, patched=packed.patched or run % pattern(layer).group != 0)


def _step_count(layer: ir.Conv2D, graph: Graph) -> int:
    known = pattern(layer)
    return -(-_packing(layer, graph).patch // (known.group * (FOUR // known.kept)))


def _scratch_bytes(layer: Layer, graph: Graph) -> int:
    """A list, and the packed input."""
    assert isinstance(layer, ir.Conv2D)
    list_bytes = ENTRY * (FOUR * _step_count(layer, graph) + OTHER_WORDS)
    return list_bytes + pixel_pairs.pairs_bytes(layer, graph, _packing(layer, graph))


def _unfit(layer: Layer, graph: Graph) -> str:
    assert isinstance(layer, ir.Conv2D)
    if layer.weights.shape[1:] == (1, 1, 1):
        return "its channels have one weight each, so that one of zero would be an entry of zeros, which ends a list"
    return pixel_pairs.list_problem(layer, graph, _packing(layer, graph))


def _constants(layer: Layer, graph: Graph) -> tuple[int, ...]:
    assert isinstance(layer, ir.Conv2D)
    known = pattern(layer)
    return _packing(layer, graph).pixel_step, is_level(layer, graph), known.kept, known.group


def _operand(layer: Weighted, graph: Graph) -> Operand:
    assert isinstance(layer, ir.Conv2D)
    packed, known = _packing(layer, graph), pattern(layer)
    values, positions = steps(packed.arrange(unpack(layer.weights)), known)
    offsets = _group_offsets(packed.offsets, known, values.shape[1])
    at_zero = np.repeat(offsets == 0, known.kept).reshape(-1, FOUR)
    arrays = {
        "values": values.view("<u4").astype(np.uint32).reshape(-1),
        "positions": _places(np.where((values == 0) & at_zero, np.uint8(1), positions), known),
        "offsets": offsets,
    }
    numbers = {"steps": values.shape[1], **packed.numbers(layer)}
    return Operand("tp_conv2d_nm_dsp_weights", arrays, numbers)


def _places(positions: NDArray[np.uint8], known: NM) -> NDArray[np.uint8]:
    """The places of each step in one byte, or where M is 8 in two."""
    packed = (positions.astype(np.uint16) << known.position_bits * np.arange(FOUR, dtype=np.uint16)).sum(axis=2)
    return packed.astype("<u2" if known.group == 8 else np.uint8).reshape(-1).view(np.uint8)


def _group_offsets(offsets: Int64, known: NM, count: int) -> NDArray[np.uint16]:
    """Where the groups of `count` steps begin; those that only fill up the last one begin nowhere: 0."""
    starts = offsets[:: known.group]
    return np.pad(starts, (0, count * (FOUR // known.kept) - len(starts))).astype(np.uint16)


CONV2D = Kernel(
    "tp_conv2d_nm_dsp_s8",
    scratch_bytes=_scratch_bytes,
    needs=frozenset({"dsp"}),
    unfit=_unfit,
    operand=_operand,
    strips=strips,
    constants=_constants,
    requant=requant,
)
