"""The C of layers that only move values: their constants and their calls."""

from __future__ import annotations

from tinyprune.codegen import c
from tinyprune.ir import BlockCopy, Move, ResizeNearest, Tensor
from tinyprune.kernels import MOVE_RANK


def constants(layer: Move) -> tuple[str, ...]:
    """One `tp_block_copy` a copy."""
    return tuple(
        c.struct("tp_block_copy", _copy_name(layer, number), _members(copy)) for number, copy in enumerate(layer.copies)
    )


def calls(layer: Move, inputs: list[str], output: str, output_bytes: int) -> list[tuple[str, ...]]:
    """Each call as its function and arguments, the fill first; `inputs` and `output` are C addresses."""
    copies = [
        (
            "tp_move_s8",
            f"&{_copy_name(layer, i)}",
            _moved(inputs[copy.source], copy.input_offset),
            _moved(output, copy.output_offset),
        )
        for i, copy in enumerate(layer.copies)
    ]
    fill = [] if layer.fill is None else [("tp_fill_s8", str(layer.fill), str(output_bytes), output)]
    return [*fill, *copies]


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
