"""Unary operators: each becomes a table of its 256 outputs."""

from __future__ import annotations

from collections.abc import Callable

from tinyprune import ir
from tinyprune.frontend.tflite_operators import Source
from tinyprune.ir import Int8, Layer, Quant
from tinyprune.reference import lookup
from tinyprune.reference.scales import UnrepresentableError


def unary(source: Source, kind: str, table: Callable[[Quant, Quant], Int8]) -> Layer:
    """The layer of an operator whose outputs `table` gives for the quantization of input and output."""
    x, y = source.input(), source.output()
    if x.shape != y.shape:
        raise source.error(f"maps shape {list(x.shape)} to {list(y.shape)}")
    try:
        return ir.Lut(source.name(kind), x.name, y.name, kind, table(x.quant, y.quant))
    except UnrepresentableError as error:
        raise source.error(str(error)) from error


def logistic(source: Source) -> Layer:
    return unary(source, "logistic", lookup.logistic)


def tanh(source: Source) -> Layer:
    return unary(source, "tanh", lookup.tanh)


def relu(source: Source) -> Layer:
    return unary(source, "relu", lookup.relu)


def relu6(source: Source) -> Layer:
    return unary(source, "relu6", lookup.relu6)


def leaky_relu(source: Source) -> Layer:
    alpha = float(source.options["Alpha"])
    return unary(source, "leaky_relu", lambda x, y: lookup.leaky_relu(x, y, alpha))


def hard_swish(source: Source) -> Layer:
    return unary(source, "hard_swish", lookup.hard_swish)


def quantize(source: Source) -> Layer:
    return unary(source, "quantize", lookup.quantize)


BUILDERS: dict[str, Callable[[Source], Layer]] = {
    "LOGISTIC": logistic,
    "TANH": tanh,
    "RELU": relu,
    "RELU6": relu6,
    "LEAKY_RELU": leaky_relu,
    "HARD_SWISH": hard_swish,
    "QUANTIZE": quantize,
}
