"""Lets a convolution pad its input itself, where a layer of its own did: the padded image is never made.

Only with the zero point, which is what a convolution takes to lie around its input, and only around rows and columns.
Pools take nothing to lie there: what is padded for them stays padded.
"""

from __future__ import annotations

from dataclasses import astuple, replace

from tinyprune import ir
from tinyprune.ir import Graph, Layer, Padding, Window
from tinyprune.passes.readers import read_once
from tinyprune.reference import moves


def fuse_padding(graph: Graph) -> Graph:
    """`graph` whose convolutions read what was padded for them alone, with wider windows; without a memory plan.

    The layers that padded stay, without readers, for `remove_unused`.
    """
    computed, alone = {layer.output: layer for layer in graph.layers}, read_once(graph)

    def fused(layer: Layer) -> Layer:
        while isinstance(layer, (ir.Conv2D, ir.DepthwiseConv2D)) and layer.input in alone:
            before = computed.get(layer.input)
            padding = _padding(before, graph) if isinstance(before, ir.Move) else None
            if before is None or padding is None:
                break
            layer = replace(layer, input=before.input, window=_widened(layer.window, padding))
        return layer

    return replace(graph, layers=tuple(map(fused, graph.layers)), arena=None)


def _padding(layer: ir.Move, graph: Graph) -> Padding | None:
    """The rows and columns of zero points that `layer` puts around its one input, if it does that and nothing else."""
    source, target = graph.tensors[layer.input], graph.tensors[layer.output]
    same = source.quant == target.quant and source.shape[-1] == target.shape[-1]
    if not same or layer.fill != source.zero_point or len(source.shape) != 4 or len(target.shape) != 4:
        return None
    (_, rows, columns, channels), (_, height, width, _) = source.shape, target.shape
    top, left = divmod(layer.copies[0].output_offset // channels, width)
    bottom, right = height - rows - top, width - columns - left
    line, padded_line = columns * channels, width * channels
    axes = ((rows, line, padded_line), (columns, channels, channels), (channels, 1, 1))
    inner = moves.block_copy(0, axes, 0, top * padded_line + left * channels)
    return Padding(top, bottom, left, right) if layer.copies == (inner,) and min(bottom, right) >= 0 else None


def _widened(window: Window, by: Padding) -> Window:
    sides = (one + more for one, more in zip(astuple(window.padding), astuple(by), strict=True))
    return replace(window, padding=Padding(*sides))
