"""What candidates cost as far as it is known without a compiler: the bytes of their weights."""

from __future__ import annotations

import dataclasses

from tinyprune import kernels
from tinyprune.ir import Graph, Weighted
from tinyprune.passes.candidates import Candidate, Cost, Costs, Rest, preferred, with_candidate


def estimate(graph: Graph, features: frozenset[str], format_name: str = "auto") -> Costs:
    """Of each format the kernel that is likely to be the fastest on a core with `features`."""
    costs = {
        layer.name: tuple(_cost(layer, one, graph) for one in preferred(layer, graph, features, format_name))
        for layer in graph.layers
        if isinstance(layer, Weighted)
    }
    return Costs(costs, Rest(0, 0, 0), "of weights alone: nothing was compiled")


def _cost(layer: Weighted, candidate: Candidate, graph: Graph) -> Cost:
    stored = with_candidate(layer, candidate)
    size = kernels.operand(stored, graph).bytes
    return Cost(
        **dataclasses.asdict(candidate),
        operand_bytes=size,
        flash_bytes=size,
        scratch_bytes=kernels.scratch_bytes(stored, graph),
    )
