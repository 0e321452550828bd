"""What a firmware takes beside the layers that have a choice: measured on one that is complete."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import tinyprune
from tinyprune import toolchain
from tinyprune.board import Board
from tinyprune.codegen.image import image_files
from tinyprune.cycles import CYCLE_MODELS, price
from tinyprune.emulators import unicorn
from tinyprune.ir import Graph, Int8, Layer, Weighted
from tinyprune.passes.candidates import Rest, preferred, with_candidates
from tinyprune.passes.plan_memory import plan_memory
from tinyprune.toolchain import Toolchain, memory_use
from tinyprune.toolchain.elf import Elf
from tinyprune.tuning import bench, cache
from tinyprune.tuning.measuring import sizes


def measured_rest(graph: Graph, sample: Int8, board: Board, tools: Toolchain, emulated: bool) -> Rest:
    """The figures of time are those of the input `sample`, and known only where it is `emulated`."""
    layers = [layer for layer in graph.layers if isinstance(layer, Weighted)]
    likely = {layer.name: preferred(layer, graph, board.features)[0] for layer in layers}
    made = plan_memory(with_candidates(graph, likely, dict.fromkeys(likely, "")))
    roomy = bench.roomy(board)
    files = image_files(made, roomy, sample, tinyprune.__version__)
    key = cache.key("rest", cache.surroundings(board, tools, emulated), files)
    if found := cache.load(key):
        return Rest(**found)
    with tempfile.TemporaryDirectory() as folder:
        elf = toolchain.link(files, roomy, tools, Path(folder))
    rest = _sizes(elf, [layer for layer in made.layers if layer.name in likely], roomy)
    rest = _timed(rest, elf, roomy, sample, set(likely)) if emulated else rest
    cache.store(key, dataclasses.asdict(rest))
    return rest


def _sizes(elf: Elf, layers: Sequence[Layer], board: Board) -> Rest:
    use, own_bytes = memory_use(elf, board), 0
    functions: dict[str, int] = {}
    for layer in layers:
        own, shared = sizes(elf, layer)
        own_bytes += own
        functions |= shared
    flash_bytes = use.flash.total - own_bytes - sum(functions.values())
    return Rest(flash_bytes, use.static_bytes - use.arena_bytes, use.stack_bytes)


def _timed(rest: Rest, elf: Elf, board: Board, sample: Int8, chosen: set[str]) -> Rest:
    run = unicorn.run(elf, board, sample[None])
    others = [block for block in run.blocks if block.layer not in chosen]
    spent = price(others, elf.read, CYCLE_MODELS.get(board.core), board.flash_timing).cost
    return replace(rest, stack_bytes=run.stack_bytes, instructions=spent.instructions, cycles=spent.cycles)
