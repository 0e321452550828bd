"""What each candidate format of each layer would cost: a frozen `Costs` for `choose_formats`."""

from __future__ import annotations

from tinyprune import formats, ir, kernels
from tinyprune.formats import pack, unpack
from tinyprune.ir import Graph, Weighted
from tinyprune.passes.choose_formats import Costs


def flash_costs(graph: Graph) -> Costs:
    """The bytes of each layer's weights in every format that has a kernel for it."""
    return Costs("bytes", {layer.name: _sizes(layer) for layer in graph.layers if isinstance(layer, ir.Weighted)})


def _sizes(layer: Weighted) -> dict[str, int]:
    values, quant = unpack(layer.weights), layer.weights.quant
    return {name: formats.nbytes(pack(name, values, quant)) for name in kernels.formats_for(layer)}
