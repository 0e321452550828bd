"""The C of one layer: its constants, and the kernel call."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tinyprune import ir, kernels
from tinyprune.arithmetic import Requant
from tinyprune.codegen import c, instances, moves, stateful
from tinyprune.codegen.binary import batch_matmul_code, binary_code
from tinyprune.ir import Graph, Layer, Tensor, Weighted, Window
from tinyprune.reference import reduction, softmax


@dataclass(frozen=True)
class LayerCode:
    """`constants` are definitions; `arguments` are the kernel's, in order, none where it is not called; `ahead` are
    whole calls before that one."""

    constants: tuple[str, ...]
    arguments: tuple[str, ...]
    ahead: tuple[str, ...] = ()


def layer_code(layer: Layer, graph: Graph) -> LayerCode:
    """What `model.c` holds for `layer`; the graph has its arena."""
    assert graph.arena is not None
    source, target = graph.tensors[layer.input], graph.tensors[layer.output]
    x, y = address(graph, layer.input), address(graph, layer.output)
    match layer:
        case ir.Conv2D() | ir.DepthwiseConv2D() | ir.TransposeConv2D():
            params = c.struct("tp_window_params", f"{layer.name}_params", window_members(layer.window, source, target))
            return _weighted(layer, graph, params)
        case ir.Dense():
            outputs, inputs = layer.weights.shape
            members = (("rows", ir.rows(layer, graph)), ("inputs", inputs), ("outputs", outputs))
            return _weighted(layer, graph, c.struct("tp_dense_params", f"{layer.name}_params", members))
        case ir.Binary():
            constants, arguments = binary_code(layer, graph)
            return LayerCode(constants, (*arguments, x, address(graph, layer.other), y))
        case ir.MaxPool() | ir.AveragePool():
            params = window_members(layer.window, source, target)
            return _with_params("tp_window_params", layer, params, (*map(str, layer.clamp), x, y))
        case ir.BatchMatMul():
            constants, arguments = batch_matmul_code(layer, graph)
            return LayerCode(constants, (*arguments, x, address(graph, layer.other), y))
        case ir.Reduce():
            return _with_params("tp_reduce_params", layer, _reduce_members(layer, source, target), (x, y))
        case ir.Reshape():
            return LayerCode((), (x, str(target.size), y) if x != y else ())
        case ir.Softmax():
            return _with_params("tp_softmax_params", layer, _softmax_members(layer, source), (x, y))
        case ir.Move():
            inputs = [address(graph, name) for name in layer.inputs]
            calls = tuple(map(c.call, moves.calls(layer, graph, inputs, y)))
            return LayerCode(moves.constants(layer, graph), (), calls)
        case ir.ResizeNearest():
            name = layer.name
            tables = (c.array(f"{name}_rows", np.array(layer.rows, np.uint16)),)
            tables += (c.array(f"{name}_columns", np.array(layer.columns, np.uint16)),)
            code = _with_params("tp_resize_params", layer, moves.resize_members(layer, source), (x, y))
            return LayerCode(tables + code.constants, code.arguments)
        case ir.Lstm() | ir.Svdf():
            constants, arguments = stateful.stateful_code(layer, source, target)
            return LayerCode(constants, (*arguments[:1], x, *arguments[1:], y))
        case ir.Lut():
            table = f"{layer.name}_table"
            return LayerCode((c.array(table, layer.table),), (table, x, str(target.size), y))


def address(graph: Graph, tensor: str) -> str:
    """A place in the arena, or a constant array."""
    assert graph.arena is not None
    if tensor in graph.constants:
        return f"constant_{list(graph.constants).index(tensor)}"
    return f"tp_arena + {graph.arena.tensors[tensor].offset}"


def constant_arrays(graph: Graph) -> list[str]:
    """The definitions of the constant activations."""
    return [c.array(address(graph, name), values) for name, values in graph.constants.items()]


Members = tuple[tuple[str, object], ...]


def _with_params(kind: str, layer: Layer, members: Members, rest: tuple[str, ...]) -> LayerCode:
    name = f"{layer.name}_params"
    return LayerCode((c.struct(kind, name, members),), (f"&{name}", *rest))


def _weighted(layer: Weighted, graph: Graph, params: str) -> LayerCode:
    assert graph.arena is not None
    name, arena = layer.name, graph.arena
    scratch = arena.scratch.get(name)
    (weights, reference), bias = _weights(layer, graph), kernels.bias(layer, graph)
    biases = () if bias is None else (c.array(f"{name}_bias", bias),)
    constants = (*weights, *biases, *_requant(layer, graph), params)
    arguments = (
        f"&{name}_params",
        f"&{name}_requant",
        address(graph, layer.input),
        reference,
        f"{name}_bias" if biases else c.NULL,
        f"tp_arena + {scratch.offset}" if scratch else c.NULL,
        address(graph, layer.output),
    )
    return LayerCode(constants, arguments)


def _weights(layer: Weighted, graph: Graph) -> tuple[list[str], str]:
    """The definitions of the weights, and the argument that refers to them."""
    name, operand = layer.name, kernels.operand(layer, graph)
    section = "TP_RESIDENT" if layer.variant.weights == "sram" else "TP_CONSTANT"
    definitions = [c.array(f"{name}_{part}", values, section) for part, values in operand.arrays.items()]
    if not operand.kind:
        return definitions, f"{name}_{next(iter(operand.arrays))}"
    members = (*((part, f"{name}_{part}") for part in operand.arrays), *operand.numbers.items())
    return [*definitions, c.struct(operand.kind, f"{name}_weights", members)], f"&{name}_weights"


def _requant(layer: Weighted, graph: Graph) -> tuple[str, ...]:
    to, zero_point = kernels.requant(layer, graph), graph.tensors[layer.output].zero_point
    name, arrays = layer.name, {} if to is None else {"multiplier": to.multiplier, "shift": to.shift.astype(np.int8)}
    members = (
        *((part, f"{name}_{part}" if part in arrays else c.NULL) for part in ("multiplier", "shift")),
        ("zero_point", zero_point),
        ("clamp_low", layer.clamp[0]),
        ("clamp_high", layer.clamp[1]),
        ("channel_step", 0 if to is None or len(to.multiplier) == 1 else 1),
    )
    definitions = (c.array(f"{name}_{part}", values) for part, values in arrays.items())
    return *definitions, c.struct("tp_requant", f"{name}_requant", members)


def window_members(window: Window, source: Tensor, target: Tensor) -> Members:
    sizes = ("height", "width", "channels")
    return (
        *((f"input_{size}", value) for size, value in zip(sizes, source.shape[1:], strict=True)),
        *((f"output_{size}", value) for size, value in zip(sizes, target.shape[1:], strict=True)),
        *((f"window_{size}", value) for size, value in zip(sizes, window.size, strict=False)),
        *((f"stride_{size}", value) for size, value in zip(sizes, window.stride, strict=False)),
        *((f"dilation_{size}", value) for size, value in zip(sizes, window.dilation, strict=False)),
        ("pad_top", window.padding.top),
        ("pad_left", window.padding.left),
        ("input_zero_point", source.zero_point),
    )


def _multiplier(name: str, to: Requant) -> Members:
    return ((f"{name}multiplier", to.multiplier[0]), (f"{name}shift", to.shift[0]))


def _reduce_members(layer: ir.Reduce, source: Tensor, target: Tensor) -> Members:
    loops = reduction.loops(layer, source)
    nested = (("outputs", "output_strides", loops.kept), ("sums", "sum_strides", loops.summed))
    return (
        *((lengths, f"{{{', '.join(str(length) for length, _ in rows)}}}") for lengths, _, rows in nested),
        *((steps, f"{{{', '.join(str(step) for _, step in rows)}}}") for _, steps, rows in nested),
        *_multiplier("", reduction.reduce_requant(layer, source, target)),
        ("input_zero_point", source.zero_point),
        ("output_zero_point", target.zero_point),
    )


def _softmax_members(layer: ir.Softmax, source: Tensor) -> Members:
    p = softmax.parameters(layer.beta, source.scale)
    depth = source.shape[-1]
    return (
        ("rows", source.size // depth),
        ("depth", depth),
        ("multiplier", p.multiplier),
        ("shift", p.shift),
        ("diff_min", max(p.diff_min, -256)),  # int8 values differ by 255 at most
    )


def kernel_calls(layer: Layer, code: LayerCode, graph: Graph) -> tuple[str, ...]:
    kernel = (c.call((instances.name(layer, graph), *code.arguments)),) if code.arguments else ()
    return code.ahead + kernel
