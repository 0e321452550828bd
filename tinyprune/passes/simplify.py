"""Makes a graph smaller without changing one bit of its outputs."""

from __future__ import annotations

from collections.abc import Callable

from tinyprune.ir import Graph
from tinyprune.passes.fold_constant_layers import fold_constant_layers
from tinyprune.passes.fuse_lookups import fuse_lookups
from tinyprune.passes.fuse_padding import fuse_padding
from tinyprune.passes.remove_dead_channels import remove_dead_channels
from tinyprune.passes.remove_unused import remove_unused
from tinyprune.passes.settle_constant_channels import settle_constant_channels
from tinyprune.passes.unify_convolutions import unify_convolutions
from tinyprune.passes.verify import verify

LOSSLESS: tuple[Callable[[Graph], Graph], ...] = (
    fold_constant_layers,
    fuse_padding,
    fuse_lookups,
    remove_unused,
    remove_dead_channels,
    remove_unused,
    settle_constant_channels,
    unify_convolutions,
)


def simplify(graph: Graph) -> Graph:
    """`graph` after each lossless pass, verified after each."""
    for one_pass in LOSSLESS:
        graph = verify(one_pass(graph))
    return graph
