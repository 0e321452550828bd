"""What a kernel is: a C function, what it needs, and what must hold for a layer that it runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tinyprune.arithmetic import Requant
from tinyprune.ir import Graph, Layer, Weighted
from tinyprune.reference import convolution
from tinyprune.tensors import WeightsPlace


@dataclass(frozen=True, eq=False)
class Operand:
    """The `weights` argument of a kernel: the members of the C structure `kind`, or one array where that is ""."""

    kind: str
    arrays: Mapping[str, NDArray[np.generic]]
    numbers: Mapping[str, int] = field(default_factory=dict[str, int])

    @property
    def bytes(self) -> int:
        """What the arrays take in flash."""
        return sum(array.nbytes for array in self.arrays.values())


def _no_scratch(layer: Layer, graph: Graph) -> int:
    return 0


def _never(layer: Layer) -> tuple[str, ...]:
    return ()


def _fits(layer: Layer, graph: Graph) -> str:
    return ""


def _no_strips(layer: Layer, graph: Graph) -> tuple[int, ...]:
    return (0,)


def _flash(layer: Layer, graph: Graph) -> tuple[WeightsPlace, ...]:
    return ("flash",)


def flash_or_sram(layer: Layer, graph: Graph) -> tuple[WeightsPlace, ...]:
    """`places` of a kernel that reads its weights in order: whether they are resident is no matter to it."""
    return ("flash", "sram")


def _no_constants(layer: Layer, graph: Graph) -> tuple[int, ...]:
    return ()


def _as_stored(layer: Weighted, graph: Graph) -> Operand:
    """The arrays of the format as they are."""
    weights = layer.weights
    return Operand("" if weights.format == "dense" else f"tp_{weights.format}_weights", weights.arrays)


def as_scaled(layer: Weighted, graph: Graph) -> Requant:
    """TFLM's multipliers and shifts."""
    return convolution.layer_requant(layer, graph.tensors[layer.input], graph.tensors[layer.output])


@dataclass(frozen=True)
class Kernel:
    """A C function of `cmsis_kernels/`.

    `in_place` names the inputs at whose address the output may begin: each of their values is read for the last time
    before anything is written over it. `needs` is what the core must have, of `board.FEATURES`. `unfit` says why a
    layer cannot run so ("" where it can): it proves the kernel's precondition from the layer's weights. `operand` makes
    the weights as the kernel reads them. `strips` are the values of `Variant.rows` that are worth trying,
    `places` those of `Variant.weights`. `constants` are the compile-time constants of a kernel that is a static inline
    function: the generated code holds one instance for each value of them. `raised` is what the kernel adds to each
    input before it multiplies, which the generator takes out of the bias. `requant` is what it finds in the arrays of
    `tp_requant`: multipliers and shifts, or what takes their places (level.py). Where `folded`, bias and
    requantization are in the operand, and the kernel reads neither's arrays.

    `wide` is the twin of this kernel for a wide tensor (`Tensor.wide`), whose output it writes or whose input it reads:
    as fast as this kernel, or faster, its code no larger. A twin `writes_wide` or `reads_wide`.
    """

    function: str
    scratch_bytes: Callable[[Layer, Graph], int] = _no_scratch
    in_place: Callable[[Layer], tuple[str, ...]] = _never
    needs: frozenset[str] = frozenset()
    unfit: Callable[[Layer, Graph], str] = _fits
    operand: Callable[[Weighted, Graph], Operand] = _as_stored
    strips: Callable[[Layer, Graph], tuple[int, ...]] = _no_strips
    places: Callable[[Layer, Graph], tuple[WeightsPlace, ...]] = _flash
    constants: Callable[[Layer, Graph], tuple[int, ...]] = _no_constants
    raised: int = 0
    requant: Callable[[Weighted, Graph], Requant] = as_scaled
    folded: bool = False
    wide: Kernel | None = None
    writes_wide: bool = False
    reads_wide: bool = False
