"""The operators that are supported, listed here alone, and which builder makes a layer of which."""

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

# operators that become no layer, and of what they are taken: `fold_constants` and `float_edges` take them out
WITHOUT_A_LAYER = {
    "DENSIFY": "of constants",
    "DEQUANTIZE": "of the model's outputs",
    "REDUCE_PROD": "of shapes",
    "SHAPE": "for shape arithmetic",
}


def supported() -> str:
    """Every operator that can be imported, for a person to read."""
    names = BUILDERS.keys() | WITHOUT_A_LAYER.keys()
    return ", ".join(f"{name} {WITHOUT_A_LAYER.get(name, '')}".rstrip() for name in sorted(names))
