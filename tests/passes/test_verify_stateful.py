"""Each rule of a valid layer that remembers, and how it is dumped."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from stateful_file import lstm_graph, svdf_graph

from tinyprune.ir import Graph, Lstm, Quant, Svdf, Tensor
from tinyprune.passes.dump import dump
from tinyprune.passes.plan_memory import plan_memory
from tinyprune.passes.simplify import simplify
from tinyprune.passes.verify import InvalidGraphError, verify
from tinyprune.stateful import State


def lstm(change: Callable[[Lstm], Lstm]) -> Graph:
    graph = lstm_graph()
    (layer,) = graph.layers
    assert isinstance(layer, Lstm)
    return replace(graph, layers=(change(layer),))


def svdf(change: Callable[[Svdf], Svdf]) -> Graph:
    graph = svdf_graph()
    (layer,) = graph.layers
    assert isinstance(layer, Svdf)
    return replace(graph, layers=(change(layer),))


def scaled(state: State, scale: float, zero_point: int = 0) -> State:
    return replace(state, quant=Quant((scale,), zero_point))


def with_scale(graph: Graph, tensor: str, scale: float) -> Graph:
    changed = Tensor(tensor, graph.tensors[tensor].shape, Quant((scale,), 0))
    return replace(graph, tensors={**graph.tensors, tensor: changed})


def first_gate(layer: Lstm, **changes: object) -> Lstm:
    gate = replace(layer.gates[0], **changes)
    return replace(layer, gates=(gate, *layer.gates[1:]))


INT32_MAX = np.full(4, 2**31 - 1, np.int32)
BROKEN: dict[str, tuple[Graph, str]] = {
    "output": (with_scale(lstm_graph(), "y", 0.5), "not quantized as its hidden state"),
    "zero point": (lstm(lambda of: replace(of, cell=scaled(of.cell, 2.0**-11, 1))), "cell state with zero point 0"),
    "power": (lstm(lambda of: replace(of, cell=scaled(of.cell, 0.001))), "not a power of two"),
    "large cell": (lstm(lambda of: replace(of, cell=scaled(of.cell, 8.0))), r"too far from 2\*\*-12"),
    "small cell": (lstm(lambda of: replace(of, cell=scaled(of.cell, 2.0**-31))), "make a product overflow"),
    "bias": (lstm(lambda of: first_gate(of, bias=INT32_MAX)), "overflow the 32-bit accumulator of a gate"),
    "gate": (lstm(lambda of: first_gate(of, bias=INT32_MAX[:3])), "has a gate of shapes"),
    "steps": (lstm(lambda of: replace(of, steps=2)), r"gives \[2, 1, 4\]"),
    "features": (with_scale(svdf_graph(), "x", 1e9), "overflow the 32-bit accumulator of a feature"),
    "output sums": (with_scale(svdf_graph(), "y", 1e-9), "when its output is requantized"),
    "state": (svdf(lambda of: replace(of, state=scaled(of.state, 0.001, 1))), "int16 state with a zero point"),
    "width": (svdf(lambda of: replace(of, time_weights=np.zeros((4, 3), np.int8))), "has int8 time weights"),
    "inputs": (svdf(lambda of: replace(of, feature_weights=np.zeros((4, 6), np.int8))), "has feature weights"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_rule_names_the_layer(name: str) -> None:
    graph, message = BROKEN[name]
    with pytest.raises(InvalidGraphError, match=rf"layer \w+_0 .*{message}"):
        verify(graph)


@pytest.mark.parametrize("graph", [lstm_graph(), svdf_graph()], ids=["lstm", "svdf"])
def test_passes_leave_a_layer_that_remembers_as_it_is(graph: Graph) -> None:
    planned = verify(plan_memory(simplify(verify(graph))))
    assert planned.layers == graph.layers
    assert planned.arena and set(planned.arena.tensors) == {"x", "y"}


def test_dump() -> None:
    (line,) = [line for line in dump(lstm_graph()).splitlines() if line.startswith("lstm_0")]
    assert line.startswith(
        "lstm_0 = Lstm('x') -> 'y' state lstm_0_hidden 1x4 int8 scale 0.0078125 initial -5 "
        "state lstm_0_cell 1x4 int16 scale 0.00048828125 initial 0 "
        "steps 3 batch_major cell_clamp (-32768, 32767) sha256 "
    )
    assert " state svdf_0_state 1x4x3 int16 scale 0.001 initial 0 rank 2 sha256 " in dump(svdf_graph())
    assert dump(lstm(lambda of: first_gate(of, input_scale=0.02))) != dump(lstm_graph())
