"""Which builder makes a layer of which operator: one row an operator, over all the files that hold builders."""

from __future__ import annotations

from collections.abc import Callable

from tinyprune.frontend import (
    tflite_binary,
    tflite_lookup,
    tflite_matrices,
    tflite_moves,
    tflite_operators,
    tflite_reduce,
    tflite_stateful,
)
from tinyprune.frontend.tflite_operators import Source
from tinyprune.ir import Layer

BUILDERS: dict[str, Callable[[Source], Layer | tuple[Layer, ...]]] = {
    **tflite_operators.BUILDERS,
    **tflite_binary.BUILDERS,
    **tflite_lookup.BUILDERS,
    **tflite_matrices.BUILDERS,
    **tflite_moves.BUILDERS,
    **tflite_reduce.BUILDERS,
    **tflite_stateful.BUILDERS,
}
