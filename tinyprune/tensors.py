"""What layers are made of: quantization, activations, weights and windows. `ir` hands all of it on."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Int8 = NDArray[np.int8]
Int16 = NDArray[np.int16]
Int32 = NDArray[np.int32]

TILE_PIXELS = 4  # the most that a tile of a kernel reads at once


def _whole(count: int, unit: int) -> int:
    """`count`, rounded up to a multiple of `unit`."""
    return -(-count // unit) * unit


@dataclass(frozen=True)
class Quant:
    """real = scale * (q - zero_point). One scale for a tensor, or one an output channel (then zero_point is 0)."""

    scale: tuple[float, ...]
    zero_point: int

    def scales(self, channels: int) -> tuple[float, ...]:
        """One scale for each of `channels` output channels."""
        return self.scale * channels if len(self.scale) == 1 else self.scale


@dataclass(frozen=True)
class Tensor:
    """An int8 activation. `shape` is NHWC with N = 1, or (1, features).

    A `wide` one, which is NHWC, is stored as a kernel that multiplies two inputs at once reads it: as int16, each pixel
    an even number of values, with room for as many pixels as make whole tiles. What is added is never written.
    """

    name: str
    shape: tuple[int, ...]
    quant: Quant
    wide: bool = False

    @property
    def size(self) -> int:
        """The number of values."""
        return math.prod(self.shape)

    @property
    def bytes(self) -> int:
        """What it takes in the arena."""
        return 2 * math.prod(self._wide_shape) if self.wide else self.size

    @property
    def stored(self) -> str:
        """The type of its values in the arena."""
        return "int16" if self.wide else "int8"

    @property
    def _wide_shape(self) -> tuple[int, int]:
        """Pixels, and values of a pixel."""
        _, height, width, channels = self.shape
        return _whole(height * width, TILE_PIXELS), _whole(channels, 2)

    def values(self, stored: Int8) -> Int8 | Int16:
        """(n, size): the values of n of these tensors, each as its `bytes` bytes of the arena. Those of a wide one are
        given as they lie there, so that one which is no int8 shows."""
        flat = np.ascontiguousarray(stored).reshape(len(stored), -1)
        if not self.wide:
            return flat
        pixels = flat.view("<i2").reshape(len(stored), *self._wide_shape)
        return pixels[:, : self.size // self.shape[3], : self.shape[3]].reshape(len(stored), -1)

    @property
    def scale(self) -> float:
        return self.quant.scale[0]

    @property
    def zero_point(self) -> int:
        return self.quant.zero_point


@dataclass(frozen=True, eq=False)
class Weights:
    """A constant in one storage format of `tinyprune.formats`.

    `shape` is the logical one, output channels first: OHWI for a convolution, (O, I) for a dense layer, and 1HWO for a
    depthwise one. `arrays` is what `FORMATS[format].pack` made of it.
    """

    format: str
    shape: tuple[int, ...]
    quant: Quant
    arrays: Mapping[str, NDArray[np.generic]]
    reason: str = ""  # why this format, in one line of the report


@dataclass(frozen=True)
class Padding:
    """Rows and columns of zero-point values around the input."""

    top: int = 0
    bottom: int = 0
    left: int = 0
    right: int = 0


@dataclass(frozen=True)
class Window:
    """How a kernel slides over its input; pairs are (vertical, horizontal)."""

    size: tuple[int, int]
    stride: tuple[int, int] = (1, 1)
    dilation: tuple[int, int] = (1, 1)
    padding: Padding = Padding()

    def output(self, height: int, width: int) -> tuple[int, int]:
        """Output height and width for an input of the given ones."""
        pad, reach = self.padding, [(size - 1) * step + 1 for size, step in zip(self.size, self.dilation, strict=True)]
        return (
            (height + pad.top + pad.bottom - reach[0]) // self.stride[0] + 1,
            (width + pad.left + pad.right - reach[1]) // self.stride[1] + 1,
        )


Clamp: TypeAlias = tuple[int, int]  # lowest and highest output value: the fused activation, already quantized


WeightsPlace: TypeAlias = Literal["flash", "buffer", "sram"]


@dataclass(frozen=True)
class Variant:
    """Which of a format's kernels runs a layer, with how much scratch, and from which memory it reads the weights."""

    kernel: str = ""  # the C function; "": the plain one
    rows: int = 0  # the output rows for which one strip of input is packed at a time; 0 where none is
    weights: WeightsPlace = "flash"  # "buffer": copied into scratch, a few channels at a time; "sram": copied at boot


PLAIN = Variant()
