"""The text form of a graph after each pass, compared with golden files; `pytest --update-golden` writes them anew."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from chains import every_operator, in_format
from networks import Network

from tinyprune.ir import Graph
from tinyprune.passes.dump import dump
from tinyprune.passes.plan_memory import plan_memory
from tinyprune.passes.prune_weights import prune_weights

GOLDEN = Path(__file__).with_name("golden")
PASSES: dict[str, Callable[[Graph], Graph]] = {
    "imported": lambda graph: graph,
    "pruned": lambda graph: prune_weights(graph, 0.9),
    "csr": lambda graph: in_format(graph, "csr"),
    "planned": plan_memory,
}


@pytest.mark.parametrize("name", PASSES)
def test_dump_after_a_pass(name: str, update_golden: bool) -> None:
    text = dump(PASSES[name](every_operator()))
    file = GOLDEN / f"{name}.txt"
    if update_golden:
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")


def test_constants_and_float_edges_are_told() -> None:
    net = Network((1, 2, 2, 1), zero_point=0)
    y = net.add(net.input, net.constant(np.arange(4, dtype=np.int8).reshape(1, 2, 2, 1)))
    graph = replace(net.graph(y), float_edges=frozenset({y}))
    assert dump(plan_memory(graph)).splitlines()[1:4] == [
        "input tensor 't0' 1x2x2x1 scale 0.5 zero_point 0 at 0",
        "constant tensor 't1' 1x2x2x1 scale 0.5 zero_point 0 sha256 054edec1d021",
        "float output tensor 't2' 1x2x2x1 scale 0.5 zero_point 0 at 0",
    ]
    changed = {"t1": graph.constants["t1"] + np.int8(1)}
    assert dump(replace(graph, constants=changed)) != dump(graph)
