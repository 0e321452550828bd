"""How sparse convolutions see their input: widened in scratch memory, where each weight's input has a fixed offset."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tinyprune import ir
from tinyprune.arithmetic import Int64
from tinyprune.ir import Graph, Int8, Layer, Window

TILE = 4  # neighbouring positions
MAX_STEP = 4096 // (TILE - 1)  # bytes: the last position of a tile must be in reach of a load
SMALL = 8  # input channels below which zeros that fill up each pixel are not worth it
STRIPS = (2, 4, 8, 32)


@dataclass(frozen=True)
class Packing:
    """Rows of padded input that positions share (strips), or each position's window, gathered (patches). `channels` of
    a pixel in a strip, and the values of a patch, are filled up to whole words."""

    patched: bool
    window: Window
    positions: int
    """Outputs of a row."""
    channels: int
    patch: int
    value_bytes: int

    @property
    def width(self) -> int:
        """Pixels of a packed input row."""
        return (self.positions - 1) * self.window.stride[1] + (self.window.size[1] - 1) * self.window.dilation[1] + 1

    @property
    def pixel_step(self) -> int:
        """Bytes from an output position's input to that of the next one."""
        return self.value_bytes * (self.patch if self.patched else self.window.stride[1] * self.channels)

    @property
    def offsets(self) -> Int64:
        """Where the input of each of a channel's weights lies, in bytes, as `arrange` has them: (columns,)."""
        if self.patched:
            return self.value_bytes * np.arange(self.patch, dtype=np.int64)
        (height, width), (down, right) = self.window.size, self.window.dilation
        pixels = np.arange(height)[:, None] * (down * self.width) + np.arange(width) * right
        values = pixels[..., None] * self.channels + np.arange(self.channels)
        return self.value_bytes * values.astype(np.int64).reshape(-1)

    def arrange(self, weights: Int8) -> Int8:
        """OHWI weights as (output channels, columns), with zeros for what packed input is filled up with."""
        outputs, _, _, channels = weights.shape
        if self.patched:
            matrix = weights.reshape(outputs, -1)
            return np.pad(matrix, ((0, 0), (0, self.patch - matrix.shape[1])))
        return np.pad(weights, ((0, 0), (0, 0), (0, 0), (0, self.channels - channels))).reshape(outputs, -1)

    def scratch_bytes(self, rows: int, positions: int) -> int:
        """For `rows` output rows, or `positions` patches; and what the last tile of a line lacks of whole ones."""
        if self.patched:
            return (positions + -positions % TILE) * self.pixel_step
        height = (rows - 1) * self.window.stride[0] + (self.window.size[0] - 1) * self.window.dilation[0] + 1
        return height * self.width * self.channels * self.value_bytes + -self.positions % TILE * self.pixel_step

    def numbers(self, layer: ir.Conv2D) -> dict[str, int]:
        """The members `width` and `strip_rows` of the C structures of weights."""
        return {"width": 0 if self.patched else self.width, "strip_rows": layer.variant.rows}

    @property
    def problem(self) -> str:
        """Why a tile cannot read its input; "" where it can."""
        if self.pixel_step <= MAX_STEP:
            return ""
        return f"its pixels lie {self.pixel_step:,} bytes apart; the loads of a tile reach {MAX_STEP:,}"


def packing(layer: ir.Conv2D, graph: Graph, value_bytes: int) -> Packing:
    """Patches for 1x1 windows, as all positions then are one line; elsewhere strips, unless their rows make poor tiles
    or much of them would be filling."""
    multiple = 4 // value_bytes  # values in a word
    source, positions = graph.tensors[layer.input].shape[3], graph.tensors[layer.output].shape[2]
    channels = source + -source % multiple
    patch = layer.window.size[0] * layer.window.size[1] * source
    patch += -patch % multiple
    poor = 4 * (-positions % TILE) > positions or (channels > source and source < SMALL)
    patched = layer.window.size == (1, 1) or (poor and patch * value_bytes <= MAX_STEP)
    return Packing(patched, layer.window, positions, channels, patch, value_bytes)


def strips(layer: Layer, graph: Graph) -> tuple[int, ...]:
    """Heights of strips that are worth trying."""
    height = graph.tensors[layer.output].shape[1]
    return tuple(sorted({min(rows, height) for rows in STRIPS}))
