"""The C of layers that only move values: their constants and their calls."""

from __future__ import annotations

from tinyprune.codegen import c
from tinyprune.ir import BlockCopy, Graph, Move, ResizeNearest, Tensor
from tinyprune.kernels import MOVE_RANK


def constants(layer: Move, graph: Graph) -> tuple[str, ...]:
    """One `tp_block_copy` a copy that is made."""
    return tuple(
        c.struct("tp_block_copy", _copy_name(layer, number), _members(copy))
        for number, copy in enumerate(layer.copies)
        if not is_there(copy, layer, graph)
    )


def calls(layer: Move, graph: Graph, inputs: list[str], output: str) -> list[tuple[str, ...]]:
    """Each call as its function and arguments, the fill first; `inputs` and `output` are C addresses."""
    copies = [
        (
            "tp_move_s8",
            f"&{_copy_name(layer, i)}",
            _moved(inputs[copy.source], copy.input_offset),
            _moved(output, copy.output_offset),
        )
        for i, copy in enumerate(layer.copies)
        if not is_there(copy, layer, graph)
    ]
    if layer.fill is None:
        return copies
    return [("tp_fill_s8", str(layer.fill), str(graph.tensors[layer.output].size), output), *copies]


def is_there(copy: BlockCopy, layer: Move, graph: Graph) -> bool:
    """Whether each value lies where it would be copied to: the input is part of the output, or the reverse."""
    name = layer.inputs[copy.source]
    if graph.arena is None or name in graph.constants or copy.input_strides != copy.output_strides:
        return False
    places = graph.arena.tensors
    return places[name].offset + copy.input_offset == places[layer.output].offset + copy.output_offset


def resize_members(layer: ResizeNearest, source: Tensor) -> tuple[tuple[str, object], ...]:
    return (
        ("input_width", source.shape[2]),
        ("channels", source.shape[3]),
        ("output_height", len(layer.rows)),
        ("output_width", len(layer.columns)),
        ("rows", f"{layer.name}_rows"),
        ("columns", f"{layer.name}_columns"),
    )


def _copy_name(layer: Move, number: int) -> str:
    return f"{layer.name}_copy_{number}"


def _moved(address: str, offset: int) -> str:
    return f"{address} + {offset}" if offset else address


def _members(copy: BlockCopy) -> tuple[tuple[str, object], ...]:
    return (
        ("extent", _vector(copy.shape, 1)),
        ("input_stride", _vector(copy.input_strides, 0)),
        ("output_stride", _vector(copy.output_strides, 0)),
    )


def _vector(values: tuple[int, ...], filler: int) -> str:
    return f"{{{', '.join(map(str, (filler,) * (MOVE_RANK - len(values)) + values))}}}"
