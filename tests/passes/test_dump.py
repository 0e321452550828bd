"""The text form of a graph after each pass, compared with golden files; `pytest --update-golden` writes them anew."""

from collections.abc import Callable
from pathlib import Path

import pytest
from chains import every_operator

from tinyprune.ir import Graph
from tinyprune.passes.choose_formats import force_format
from tinyprune.passes.dump import dump
from tinyprune.passes.plan_memory import plan_memory
from tinyprune.passes.prune_weights import prune_weights

GOLDEN = Path(__file__).with_name("golden")
PASSES: dict[str, Callable[[Graph], Graph]] = {
    "imported": lambda graph: graph,
    "pruned": lambda graph: prune_weights(graph, 0.9),
    "csr": lambda graph: force_format(graph, "csr"),
    "planned": plan_memory,
}


@pytest.mark.parametrize("name", PASSES)
def test_dump_after_a_pass(name: str, update_golden: bool) -> None:
    text = dump(PASSES[name](every_operator()))
    file = GOLDEN / f"{name}.txt"
    if update_golden:
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")
