"""The constants of an operator of two inputs: its parameters, and the loops that broadcast."""

from __future__ import annotations

from collections.abc import Callable

from tinyprune import ir, kernels
from tinyprune.arithmetic import Requant
from tinyprune.codegen import c
from tinyprune.ir import Binary, Graph
from tinyprune.kernels import sum_level, sum_tables
from tinyprune.reference import elementwise, matrices
from tinyprune.reference.broadcast import Broadcast, loops
from tinyprune.reference.elementwise import Operands, SumRequant

Members = tuple[tuple[str, object], ...]


def binary_code(layer: Binary, graph: Graph) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The definitions of the constants, and the kernel's arguments before its three addresses."""
    of = elementwise.operands(layer, graph)
    shape = f"{layer.name}_shape"
    definition = _loops(shape, loops(of.output.shape, of.input.shape, of.other.shape))
    if kernels.kernel(layer) is sum_tables.SUM:
        return (*_tables(layer, graph), definition), (f"&{layer.name}_tables", f"&{shape}")
    if kernels.kernel(layer) is sum_level.SUM:
        return (_level(layer, graph), definition), (f"&{layer.name}_level", f"&{shape}")
    if type(layer) not in PARAMETERS:
        return (definition,), (*map(str, layer.clamp), f"&{shape}")
    kind, parameters = PARAMETERS[type(layer)]
    params = c.struct(kind, f"{layer.name}_params", (*parameters(of), *_offsets(of), *_clamp(layer)))
    return (params, definition), (f"&{layer.name}_params", f"&{shape}")


def batch_matmul_code(layer: ir.BatchMatMul, graph: Graph) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """As `binary_code`, for products of matrices."""
    a, b, y = (graph.tensors[name] for name in (layer.input, layer.other, layer.output))
    of = matrices.matrices(layer, graph)
    params = (
        ("rows", of.rows),
        ("depth", of.depth),
        ("columns", of.columns),
        ("input_row_step", 1 if layer.adj_x else of.depth),
        ("input_depth_step", of.rows if layer.adj_x else 1),
        ("other_depth_step", 1 if layer.adj_y else of.columns),
        ("other_column_step", of.depth if layer.adj_y else 1),
        *_multiplier("", matrices.matmul_requant(a, b, y, of.depth)),
        *_offsets(Operands(a, b, y)),
    )
    names = f"{layer.name}_params", f"{layer.name}_shape"
    constants = c.struct("tp_batch_matmul_params", names[0], params), _loops(names[1], of.batches)
    return constants, (f"&{names[0]}", f"&{names[1]}")


def _tables(layer: Binary, graph: Graph) -> tuple[str, ...]:
    of = sum_tables.sum_tables(layer, graph)
    names = f"{layer.name}_input", f"{layer.name}_other"
    members = (
        ("input", names[0]),
        ("other", names[1]),
        ("above", of.above),
        ("below", of.below),
        ("clamp_low", layer.clamp[0]),
        ("range", layer.clamp[1] - layer.clamp[0]),
        ("fraction", of.fraction),
    )
    arrays = c.array(names[0], of.input), c.array(names[1], of.other)
    return (*arrays, c.struct("tp_sum_tables", f"{layer.name}_tables", members))


def _level(layer: Binary, graph: Graph) -> str:
    to = sum_level.sum_level(layer, graph)
    names = ("input_multiplier", "other_multiplier", "addend")
    return c.struct("tp_sum_level", f"{layer.name}_level", tuple((name, getattr(to, name)) for name in names))


def _loops(name: str, around: Broadcast) -> str:
    members = tuple((part, f"{{{', '.join(map(str, values))}}}") for part, values in vars(around).items())
    return c.struct("tp_broadcast", name, members)


def _multiplier(prefix: str, to: Requant) -> Members:
    return (f"{prefix}multiplier", to.multiplier[0]), (f"{prefix}shift", to.shift[0])


def _offsets(of: Operands) -> Members:
    tensors = {"input": of.input, "other": of.other, "output": of.output}
    return tuple((f"{role}_zero_point", tensor.zero_point) for role, tensor in tensors.items())


def _clamp(layer: Binary) -> Members:
    return ("clamp_low", layer.clamp[0]), ("clamp_high", layer.clamp[1])


def _sum(to: SumRequant) -> Members:
    return *_multiplier("input_", to.input), *_multiplier("other_", to.other), *_multiplier("output_", to.output)


def _add(of: Operands) -> Members:
    return _sum(elementwise.add_requant(of))


def _sub(of: Operands) -> Members:
    return _sum(elementwise.sub_requant(of))


def _mul(of: Operands) -> Members:
    return _multiplier("", elementwise.mul_requant(of))


def _prelu(of: Operands) -> Members:
    to = elementwise.prelu_requant(of)
    return *_multiplier("positive_", to.positive), *_multiplier("negative_", to.negative)


PARAMETERS: dict[type[Binary], tuple[str, Callable[[Operands], Members]]] = {
    ir.Add: ("tp_add_params", _add),
    ir.Sub: ("tp_add_params", _sub),
    ir.Mul: ("tp_mul_params", _mul),
    ir.Prelu: ("tp_prelu_params", _prelu),
}
