"""What kernels.py measures: a layer in each of its kernels, at zero wait states, as rows of a table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from tinyprune import ir, reference
from tinyprune.ir import Graph
from tinyprune.passes.candidates import Cost, candidates
from tinyprune.tuning.bench import Trial, trial


@dataclass(frozen=True)
class Row:
    """`speedup` is over CMSIS-NN where the layer is one of SHAPES, over its own fastest dense kernel where it is of a
    model."""

    layer: str
    format: str
    kernel: str
    strip_rows: int
    sparsity: float
    instructions: int
    cycles: int
    bytes: int
    scratch_bytes: int
    bit_exact: bool
    speedup: float | None


AnyRow = TypeVar("AnyRow", bound=Row)


def alone(layer: ir.Weighted, graph: Graph) -> Graph:
    """A graph of this one layer of `graph`."""
    ends = {name: graph.tensors[name] for name in (layer.input, layer.output)}
    return Graph(layer.name, ends, (layer,), (layer.input,), (layer.output,))


def trials(whole: Graph, names: Iterable[str], features: frozenset[str]) -> list[Trial]:
    """The layer that is all of `whole`, on random inputs, in every kernel that can run it in one of these formats.

    Not with its weights in SRAM: where flash has no wait states they are read as fast from there.
    """
    layer = whole.layers[0]
    assert isinstance(layer, ir.Weighted)
    values = reference.run(
        whole, np.random.default_rng(0).integers(-128, 128, whole.tensors[layer.input].shape, np.int8)
    )
    able = [one for name in names for one in candidates(layer, whole, features, name) if one.format == name]
    return [trial(layer, one, values) for one in able if one.weights != "sram"]


def row(layer: str, sparsity: float, cost: Cost, peer: int | None) -> Row:
    """Of a kernel that was run, which raises WrongBitsError where its bits are not the reference's. `peer` are the
    cycles of CMSIS-NN."""
    assert cost.instructions is not None and cost.core_cycles is not None
    speedup = None if peer is None else round(peer / cost.core_cycles, 2)
    time = (cost.instructions, cost.core_cycles, cost.operand_bytes, cost.scratch_bytes)
    return Row(layer, cost.format, cost.kernel, cost.rows, sparsity, *time, True, speedup)


def best(rows: Sequence[AnyRow]) -> list[AnyRow]:
    """The fastest of each layer, format and sparsity, once; of equally fast ones the first."""
    fastest: dict[tuple[str, str, float], AnyRow] = {}
    for one in rows:
        key = (one.layer, one.format, one.sparsity)
        if key not in fastest or one.cycles < fastest[key].cycles:
            fastest[key] = one
    return list(fastest.values())
