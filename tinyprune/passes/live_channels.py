"""Which channels (indices of the last axis) must stay: a backward analysis, to its fixpoint.

Everything starts dead but the model's inputs and outputs. A rule an operator says what else must stay because of what
already stays; rules only ever add, so the order in which they run does not matter for being right.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tinyprune import ir
from tinyprune.ir import Graph, Layer
from tinyprune.passes import channel_copies
from tinyprune.passes.contributions import Contributions
from tinyprune.passes.masks import Live, Mask


def live_channels(graph: Graph, adds: Mapping[str, Contributions]) -> dict[str, Mask]:
    """For each tensor, which channels stay; at least one of each tensor does.

    `adds` is what `contributions` says. An input channel of a layer in it may go if, for each output channel that
    stays, it adds one number everywhere.
    """
    fixed = {*graph.inputs, *graph.outputs}
    live = {name: np.full(tensor.shape[-1], name in fixed) for name, tensor in graph.tensors.items()}
    while True:
        live = _settled(graph, live, adds)
        dead = [name for name, mask in live.items() if not mask.any()]
        if not dead:
            return live
        for name in dead:  # a filler, inside the fixpoint: what it ties together must stay with it
            live[name] = np.arange(live[name].size) == 0


def _settled(graph: Graph, live: dict[str, Mask], adds: Mapping[str, Contributions]) -> dict[str, Mask]:
    changed = True
    while changed:
        changed = False
        for layer in reversed(graph.layers):
            for name, mask in _needs(layer, live, adds).items():
                changed = changed or bool((mask & ~live[name]).any())
                live = {**live, name: live[name] | mask}
    return live


def _needs(layer: Layer, live: Live, adds: Mapping[str, Contributions]) -> dict[str, Mask]:
    """What must stay because of `layer`: everything, of an operator that has no rule here."""
    match layer:
        case ir.Conv2D() | ir.Dense() if layer.name in adds:
            return {layer.input: ~adds[layer.name].uniform @ live[layer.output]}
        case ir.DepthwiseConv2D():
            return _depthwise_needs(layer, live)
        case ir.MaxPool() | ir.AveragePool() | ir.Reshape() | ir.Lut() | ir.ResizeNearest():
            return _tied(layer, live)
        case ir.Reduce() if layer.axes == (1, 2):  # others may do away with the channels themselves
            return _tied(layer, live)
        case ir.Binary():
            return _elementwise_needs(layer, live)
        case ir.Move():
            return channel_copies.needs(layer, live) or _everything(layer, live)
        case _:
            return _everything(layer, live)


def _everything(layer: Layer, live: Live) -> dict[str, Mask]:
    return {name: np.full(live[name].size, True) for name in _touched(layer)}


def _touched(layer: Layer) -> tuple[str, ...]:
    return (*ir.layer_inputs(layer), layer.output)


def _depthwise_needs(layer: ir.DepthwiseConv2D, live: Live) -> dict[str, Mask]:
    """Every input channel that stays has the same number of outputs: where too few are needed, the first others."""
    outputs = live[layer.output].reshape(live[layer.input].size, -1)
    inputs = live[layer.input] | outputs.any(axis=1)
    count = max(1, int(outputs.sum(axis=1).max()))
    needed_first = np.argsort(~outputs, axis=1, kind="stable")
    kept = np.zeros_like(outputs)
    np.put_along_axis(kept, needed_first[:, :count], True, axis=1)
    return {layer.input: inputs, layer.output: (kept & inputs[:, None]).reshape(-1)}


def _tied(layer: Layer, live: Live) -> dict[str, Mask]:
    """Channel c of one is channel c of all; after a reshape that flattens H, W, C it recurs with period C."""
    period = min(live[name].size for name in _touched(layer))
    if any(live[name].size % period for name in _touched(layer)):
        return _everything(layer, live)
    shared = np.logical_or.reduce(np.concatenate([live[name].reshape(-1, period) for name in _touched(layer)]))
    return {name: np.tile(shared, live[name].size // period) for name in _touched(layer)}


def _elementwise_needs(layer: ir.Binary, live: Live) -> dict[str, Mask]:
    """An ADD of a constant and x is not x, so a channel leaves its operands and its output together or not at all.

    But for an operand of one channel, which meets all of them.
    """
    touched, channels = _touched(layer), live[layer.output].size
    if any(live[name].size not in (1, channels) for name in touched):
        return _everything(layer, live)
    shared = np.logical_or.reduce([live[name] for name in touched if live[name].size == channels])
    return {name: shared if live[name].size == channels else shared.any(keepdims=True) for name in touched}
