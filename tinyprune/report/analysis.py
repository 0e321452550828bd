"""What a model is and takes, known before any compiler is called: `tinyprune analyze`."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

import tinyprune
from tinyprune import formats, ir
from tinyprune.board import Board
from tinyprune.codegen.firmware import check_sram
from tinyprune.errors import BudgetError
from tinyprune.ir import Graph, Layer, Stateful, Weighted
from tinyprune.passes.candidates import Costs
from tinyprune.passes.plan_memory import alive_bytes
from tinyprune.reference import convolution
from tinyprune.report.report import SCHEMA, ModelInfo, to_json
from tinyprune.stateful import stateful_biases, stateful_weights

STACK_BYTES = 4096  # what a firmware reserves
REQUANT_BYTES = 5  # a multiplier and a shift


@dataclass(frozen=True)
class LayerAnalysis:
    """`parameters` counts weights and biases, `nonzeros` only weights. `format_bytes` is what the weights take in each
    format that the layer can run in, `channel_bytes` what biases and requantization add to any of them, `alive_bytes`
    the activations and scratch that are needed while it runs, `dead_channels` the output channels of the file that
    the lossless passes took away: all other figures are of what is left."""

    name: str
    op: str
    input_shapes: tuple[tuple[int, ...], ...]
    output_shape: tuple[int, ...]
    macs: int
    parameters: int
    nonzeros: int
    sparsity: float | None
    dead_channels: int
    format: str | None
    format_bytes: Mapping[str, int]
    channel_bytes: int
    alive_bytes: int


@dataclass(frozen=True)
class Totals:
    """Sums over the layers; `weights_bytes` in each layer's smallest format, `constants_bytes` with `channel_bytes`.
    `arena_bytes` is activations and scratch as they are planned, `activation_bytes` without the scratch; `state_bytes`
    is what the model remembers between inferences."""

    macs: int
    parameters: int
    nonzeros: int
    weights_bytes: int
    constants_bytes: int
    activation_bytes: int
    arena_bytes: int
    state_bytes: int


@dataclass(frozen=True)
class Fit:
    """Whether the constants fit the flash, and activations, state and stack the SRAM. Code and scratch come on top: a
    yes is no promise, a no is final."""

    board: str
    flash_bytes: int
    sram_bytes: int
    constants_fit: bool
    arena_fits: bool


@dataclass(frozen=True)
class Analysis:
    schema: int
    tinyprune: str
    model: ModelInfo
    layers: tuple[LayerAnalysis, ...]
    totals: Totals
    fit: Fit | None

    def to_json(self) -> str:
        return to_json(dataclasses.asdict(self))


def analyse(graph: Graph, original: Graph, costs: Costs, model: ModelInfo, board: Board | None) -> Analysis:
    """The analysis of `graph`, whose formats are chosen by `costs` in bytes and whose memory is planned.

    `original` is the model as it came, before the lossless passes.
    """
    came = {layer.name: _channels(layer, original) for layer in original.layers}
    needed = alive_bytes(graph)
    layers = tuple(
        _layer(layer, graph, came[layer.name], costs, alive) for layer, alive in zip(graph.layers, needed, strict=True)
    )
    totals = _totals(layers, graph)
    return Analysis(SCHEMA, tinyprune.__version__, model, layers, totals, _fit(totals, board) if board else None)


def _layer(layer: Layer, graph: Graph, came: int, costs: Costs, alive: int) -> LayerAnalysis:
    values = formats.all_weights(layer)
    nonzeros = int(np.count_nonzero(values))
    return LayerAnalysis(
        name=layer.name,
        op=ir.op_name(layer),
        input_shapes=tuple(graph.tensors[name].shape for name in ir.layer_inputs(layer)),
        output_shape=graph.tensors[layer.output].shape,
        macs=ir.macs(layer, graph),
        parameters=values.size + _biases(layer),
        nonzeros=nonzeros,
        sparsity=round(1 - nonzeros / values.size, 6) if values.size else None,
        dead_channels=came - _channels(layer, graph) if isinstance(layer, Weighted) else 0,
        format=formats.format_of(layer),
        format_bytes=_format_bytes(layer, costs),
        channel_bytes=_channel_bytes(layer, graph),
        alive_bytes=alive,
    )


def _channels(layer: Layer, graph: Graph) -> int:
    return graph.tensors[layer.output].shape[-1]


def _biases(layer: Layer) -> int:
    if isinstance(layer, Stateful):
        return sum(bias.size for bias in stateful_biases(layer))
    return layer.bias.size if isinstance(layer, Weighted) else 0


def _format_bytes(layer: Layer, costs: Costs) -> dict[str, int]:
    if isinstance(layer, Stateful):
        return {"dense": sum(part.nbytes for part in stateful_weights(layer))}
    return {cost.format: cost.operand_bytes for cost in costs.of[layer.name]} if isinstance(layer, Weighted) else {}


def _channel_bytes(layer: Layer, graph: Graph) -> int:
    """A bias for each product with a zero point, and the requantization of each channel where they differ."""
    match layer:
        case ir.Lstm():
            return 2 * sum(gate.bias.nbytes for gate in layer.gates)
        case ir.Svdf():
            return layer.bias.nbytes * (1 + layer.rank)
        case ir.Conv2D() | ir.DepthwiseConv2D() | ir.TransposeConv2D() | ir.Dense():
            requant = convolution.layer_requant(layer, graph.tensors[layer.input], graph.tensors[layer.output])
            return layer.bias.nbytes + REQUANT_BYTES * len(requant.multiplier)
        case _:
            return 0


def _totals(layers: tuple[LayerAnalysis, ...], graph: Graph) -> Totals:
    assert graph.arena is not None
    weights = sum(min(layer.format_bytes.values(), default=0) for layer in layers)
    return Totals(
        macs=sum(layer.macs for layer in layers),
        parameters=sum(layer.parameters for layer in layers),
        nonzeros=sum(layer.nonzeros for layer in layers),
        weights_bytes=weights,
        constants_bytes=weights
        + sum(layer.channel_bytes for layer in layers)
        + sum(values.nbytes for values in graph.constants.values()),
        activation_bytes=graph.arena.activation_bytes,
        arena_bytes=graph.arena.bytes,
        state_bytes=sum(state.bytes for state in ir.states(graph)),
    )


def _fit(totals: Totals, board: Board) -> Fit:
    try:
        check_sram(board, totals.activation_bytes + totals.state_bytes, STACK_BYTES)
        arena_fits = True
    except BudgetError:
        arena_fits = False
    flash = board.flash.bytes
    return Fit(board.name, flash, board.sram.bytes, totals.constants_bytes <= flash, arena_fits)
