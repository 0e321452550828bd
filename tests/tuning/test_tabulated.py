"""Sums by tables in whole builds: taken where the flash is ample, left out where nothing would fit with them."""

from pathlib import Path

import numpy as np
import pytest

from tinyprune import board, formats, ir, toolchain
from tinyprune.board import Board
from tinyprune.ir import Graph, Int8, Quant, Tensor
from tinyprune.kernels.sum_tables import SUM
from tinyprune.lowering import Chooser, lower_as
from tinyprune.passes.choose import Goal, total
from tinyprune.passes.verify import verify
from tinyprune.pipeline import Target, compile_graph

CORTEX_M0PLUS = board.load("nucleo-g0b1re")
INPUTS, OUTPUTS = 2000, 20


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def model() -> Graph:
    """A sum, and weights without zeros that take most of the flash."""
    shapes = {"x": INPUTS, "doubled": INPUTS, "y": OUTPUTS}
    tensors = {name: Tensor(name, (1, size), Quant((1.0,), 0)) for name, size in shapes.items()}
    values = np.random.default_rng(0).integers(1, 128, (OUTPUTS, INPUTS), np.int8)
    weights = formats.pack("dense", values, Quant((1e-5,), 0))
    add = ir.Add("add", "x", "x", "doubled", (-128, 127))
    dense = ir.Dense("dense", "doubled", "y", weights, np.zeros(OUTPUTS, np.int32), (-128, 127))
    return verify(Graph("model", tensors, (add, dense), ("x",), ("y",)))


SAMPLE: Int8 = np.zeros((INPUTS,), np.int8)


def chooser(goal: Goal, on: Board = CORTEX_M0PLUS) -> Chooser:
    return Chooser.of(model(), SAMPLE, on, toolchain.find(), False, goal, lambda *_, **__: None)


def kernel_of(graph: Graph) -> str:
    add = graph.layers[0]
    assert isinstance(add, ir.Add)
    return add.kernel


def test_tables_are_taken_where_all_fits_with_them(tmp_path: Path) -> None:
    ample = chooser(Goal())
    chosen = ample.choice(Goal())
    assert kernel_of(chosen) == SUM.function
    elf = compile_graph(chosen, SAMPLE, Target(CORTEX_M0PLUS, toolchain.find(), "unicorn"), tmp_path)
    assert elf.symbols["add_input"].bytes == elf.symbols["add_other"].bytes == 1024
    least = total(ample.choice(Goal("flash")), ample.costs, "flash")
    assert kernel_of(chooser(Goal(flash=least)).small) == SUM.function
    assert kernel_of(chooser(Goal(flash=least - 1)).small) == ""


def test_no_tables_where_bytes_are_the_goal_or_the_core_has_dsp() -> None:
    assert kernel_of(chooser(Goal("flash")).small) == ""
    assert kernel_of(chooser(Goal(), board.load("stm32f4")).small) != SUM.function


def test_a_saved_build_has_the_kernels_that_it_was_built_with() -> None:
    dense = {"format": "dense", "kernel": "", "strip_rows": 0, "weights_in": "flash", "reason": ""}
    for function in ("tp_add_s8", SUM.function):
        saved = [{"name": "add", "kernel": function}, {"name": "dense", **dense}]
        assert kernel_of(lower_as(model(), saved)) == function
