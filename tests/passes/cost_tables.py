"""Small random models with random costs, and what the best choice is by trying all."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from networks import Network

from tinyprune.ir import Graph, Weighted
from tinyprune.passes.candidates import Cost, Costs, Rest
from tinyprune.passes.choice_program import aligned
from tinyprune.passes.choose import Goal

FUNCTIONS = ("plain", "fast", "sparse")
FORMATS = ("dense", "csr")


@dataclass(frozen=True, eq=False)
class Problem:
    graph: Graph
    costs: Costs


def problem(seed: int) -> Problem:
    """A chain of convolutions; each has some candidates that share code."""
    random = np.random.default_rng(seed)
    network = Network((1, 4, 4, 2), seed)
    output = network.input
    for _ in range(int(random.integers(1, 5))):
        output = network.conv(output, int(random.integers(1, 5)), size=1)
    graph = network.graph(output)
    layers = [layer for layer in graph.layers if isinstance(layer, Weighted)]
    of = {layer.name: tuple(_cost(random, rows) for rows in range(int(random.integers(1, 5)))) for layer in layers}
    return Problem(graph, Costs(of, Rest(1000, 50, 100, 500, 700), ""))


def _cost(random: np.random.Generator, rows: int) -> Cost:
    """Its plain kernel needs no scratch; `rows` makes it unique."""
    function = FUNCTIONS[int(random.integers(len(FUNCTIONS)))]
    flash, scratch, cycles = (int(random.integers(1, most)) for most in (200, 100, 1000))
    name = FORMATS[rows % 2]
    place = ("flash", "sram")[rows // 2 % 2]
    kernel = f"tp_conv2d_{name}_s8"
    return Cost(name, kernel, rows, place, flash, flash, scratch, {function: len(function) * 40}, cycles, cycles, 0)


def totals(problem: Problem, taken: tuple[Cost, ...], arena_bytes: int) -> dict[str, int]:
    rest = problem.costs.rest
    code = {name: size for cost in taken for name, size in cost.functions.items()}
    return {
        "flash": sum(cost.flash_bytes for cost in taken) + sum(code.values()) + rest.flash_bytes,
        "sram": arena_bytes + sum(aligned(cost.resident_bytes) for cost in taken) + rest.sram_bytes,
        "cycles": sum(cost.cycles or 0 for cost in taken) + (rest.cycles or 0),
    }


def every_choice(problem: Problem) -> list[tuple[Cost, ...]]:
    return list(itertools.product(*problem.costs.of.values()))


def within(figures: dict[str, int], goal: Goal) -> bool:
    return all(figures[name] <= most for name, most in goal.budgets.items())
