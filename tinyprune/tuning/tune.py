"""The costs of all candidates of a model's layers, measured where the user's cache does not know them."""

from __future__ import annotations

import dataclasses
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import tinyprune
from tinyprune import reference, toolchain
from tinyprune.board import Board
from tinyprune.codegen.image import image_files
from tinyprune.cycles import CYCLE_MODELS, price
from tinyprune.emulators import unicorn
from tinyprune.ir import Graph, Int8, Layer, Weighted
from tinyprune.passes.candidates import Candidate, Cost, Costs, Totals, candidates, preferred, with_candidates
from tinyprune.passes.plan_memory import plan_memory
from tinyprune.toolchain import Toolchain, memory_use
from tinyprune.toolchain.elf import Elf
from tinyprune.tuning import bench, cache
from tinyprune.tuning.bench import Trial, trial
from tinyprune.tuning.measuring import measured, sizes

IMAGE_BYTES = 1 << 22  # of operands in one image: more, and compilers take long
EMULATED, COMPILED = "each was emulated", "compiled, not emulated"

Say = Callable[[str], None]


@dataclass(frozen=True)
class Setting:
    """What costs are measured for, and with. Where it is not `emulated`, sizes alone are measured, and of each format
    only the kernel that is likely to be the fastest unless `smallest` is wanted."""

    board: Board
    tools: Toolchain
    emulated: bool
    format: str = "auto"
    smallest: bool = False

    def candidates(self, layer: Weighted, graph: Graph) -> list[Candidate]:
        known = candidates if self.emulated or self.smallest else preferred
        return known(layer, graph, self.board.features, self.format)


def tune(graph: Graph, sample: Int8, on: Setting, say: Say) -> Costs:
    """The costs of each candidate of `graph` for the input `sample`, and of all the rest of its firmware."""
    values = reference.run(graph, sample[None])
    layers = {layer.name: layer for layer in graph.layers if isinstance(layer, Weighted)}
    wanted = {name: on.candidates(layer, graph) for name, layer in layers.items()}
    around = cache.surroundings(on.board, on.tools, on.emulated)
    keys = {name: _key(layer, graph, values, around) for name, layer in layers.items()}
    known = {name: _known(cache.load(key)) for name, key in keys.items()}
    missing = [(name, one) for name, some in wanted.items() for one in some if one not in known[name]]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        rest = pool.submit(_rest, graph, sample, on)
        if missing:
            say(f"measuring {len(missing)} kernels for {len({name for name, _ in missing})} layers on {on.board.name}")
        trials = [(name, trial(layers[name], one, values)) for name, one in missing]
        jobs = [(part, pool.submit(_measured, graph, part, on)) for part in _parts(trials)]
        for part, job in jobs:
            for (name, _), cost in zip(part, job.result(), strict=True):
                known[name][cost.candidate] = cost
        others = rest.result()
    for name in {name for name, _ in missing}:
        cache.store(keys[name], {"costs": [dataclasses.asdict(cost) for cost in known[name].values()]})
    costs = {name: tuple(known[name][one] for one in some) for name, some in wanted.items()}
    return Costs(costs, others, EMULATED if on.emulated else COMPILED)


def _key(layer: Weighted, graph: Graph, values: Mapping[str, Int8], around: str) -> str:
    ends = [graph.tensors[name] for name in (layer.input, layer.output)]
    content = replace(layer, name="", input="", output="")
    shapes = [(tensor.shape, tensor.quant) for tensor in ends]
    return cache.key("layer", around, type(layer).__name__, content, shapes, values[layer.input])


def _known(figures: cache.Figures) -> dict[Candidate, Cost]:
    costs = [replace(Cost(**one), candidate=Candidate(**one["candidate"])) for one in figures.get("costs", ())]
    return {cost.candidate: cost for cost in costs}


def _measured(graph: Graph, part: Sequence[tuple[str, Trial]], on: Setting) -> list[Cost]:
    return measured(graph, [one for _, one in part], on.board, on.tools, on.emulated)


def _parts(trials: Sequence[tuple[str, Trial]]) -> list[Sequence[tuple[str, Trial]]]:
    """One for each processor, or more where an image would be large; each has some of every layer's."""
    total = sum(_bytes(one) for _, one in trials)
    count = min(len(trials), max(os.cpu_count() or 1, -(-total // IMAGE_BYTES)))
    return [trials[first::count] for first in range(count)]


def _bytes(one: Trial) -> int:
    return sum(array.nbytes for array in one.layer.weights.arrays.values())


def _rest(graph: Graph, sample: Int8, on: Setting) -> Totals:
    """Of a firmware in likely candidates, all that is not the layers that have a choice."""
    layers = [layer for layer in graph.layers if isinstance(layer, Weighted)]
    likely = {layer.name: preferred(layer, graph, on.board.features)[0] for layer in layers}
    made = plan_memory(with_candidates(graph, likely, dict.fromkeys(likely, "")))
    roomy = bench.roomy(on.board)
    files = image_files(made, roomy, sample, tinyprune.__version__)
    key = cache.key("rest", cache.surroundings(on.board, on.tools, on.emulated), files)
    if found := cache.load(key):
        return Totals(**found)
    with tempfile.TemporaryDirectory() as folder:
        elf = toolchain.link(files, roomy, on.tools, Path(folder))
    totals = _totals(elf, [layer for layer in made.layers if layer.name in likely], roomy)
    if on.emulated:
        totals = replace(totals, **_times(elf, roomy, sample, set(likely), totals))
    cache.store(key, dataclasses.asdict(totals))
    return totals


def _totals(elf: Elf, layers: Sequence[Layer], board: Board) -> Totals:
    use = memory_use(elf, board)
    functions: dict[str, int] = {}
    own = 0
    for layer in layers:
        own_bytes, shared = sizes(elf, layer)
        own += own_bytes
        functions |= shared
    flash_bytes = use.flash.total - own - sum(functions.values())
    return Totals(flash_bytes, use.static_bytes - use.arena_bytes + use.stack_bytes)


def _times(elf: Elf, board: Board, sample: Int8, chosen: set[str], totals: Totals) -> dict[str, Any]:
    run = unicorn.run(elf, board, sample[None])
    others = [block for block in run.blocks if block.layer not in chosen]
    model = CYCLE_MODELS.get(board.core)
    return {
        "sram_bytes": totals.sram_bytes - memory_use(elf, board).stack_bytes + run.stack_bytes,
        "instructions": sum(block.instructions * block.count for block in others),
        "cycles": price(others, elf.read, model, board.flash_timing).total if model else None,
    }
