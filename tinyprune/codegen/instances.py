"""Instances of the kernels that are static inline functions: one for each kernel and its compile-time constants.

Layers with equal constants share one. It is compiled apart from its callers (`tp_apart.h`), so that a layer takes the
same time in every model, and in the image of many candidates that is measured.
"""

from __future__ import annotations

from dataclasses import dataclass

from tinyprune import ir, kernels
from tinyprune.ir import Graph, Layer, Weighted

PARAMS = {
    ir.Conv2D: "tp_window_params",
    ir.DepthwiseConv2D: "tp_window_params",
    ir.TransposeConv2D: "tp_window_params",
    ir.Dense: "tp_dense_params",
}


@dataclass(frozen=True)
class Instances:
    """The functions to define ahead of the layers, and the headers that they need."""

    names: frozenset[str]
    headers: tuple[str, ...]
    definitions: tuple[str, ...]


def of(graph: Graph) -> Instances:
    """Each instance that the layers of `graph` call."""
    layers = [layer for layer in graph.layers if _constants(layer, graph)]
    headers = sorted({f"{kernels.kernel(layer).function}.h" for layer in layers})
    definitions = {name(layer, graph): _definition(layer, graph) for layer in layers}
    return Instances(frozenset(definitions), ("tp_apart.h", *headers) if headers else (), tuple(definitions.values()))


def name(layer: Layer, graph: Graph) -> str:
    """The function that `layer` calls: its kernel, or the instance of it for the layer's constants."""
    return "_".join(map(str, (kernels.kernel(layer).function, *_constants(layer, graph))))


def _constants(layer: Layer, graph: Graph) -> tuple[int, ...]:
    return kernels.kernel(layer).constants(layer, graph)


def _definition(layer: Layer, graph: Graph) -> str:
    assert isinstance(layer, Weighted)
    weights = kernels.operand(layer, graph).kind or "int8_t"
    constants = ", ".join(map(str, _constants(layer, graph)))
    return (
        f"static TP_APART void {name(layer, graph)}(\n"
        f"    const {PARAMS[type(layer)]} *params, const tp_requant *requant, const int8_t *input,\n"
        f"    const {weights} *weights, const int32_t *bias, int8_t *scratch, int8_t *output) {{\n"
        f"    {kernels.kernel(layer).function}(params, requant, input, weights, bias, scratch, output, {constants});\n"
        "}"
    )
