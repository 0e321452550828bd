"""The costs of all candidates of a model's layers, measured where the user's cache does not know them."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from tinyprune import reference
from tinyprune.board import Board
from tinyprune.ir import Graph, Int8, Weighted
from tinyprune.passes.candidates import Candidate, Cost, Costs, candidates, preferred
from tinyprune.toolchain import Toolchain
from tinyprune.tuning import cache
from tinyprune.tuning.bench import Trial, trial
from tinyprune.tuning.measuring import measured
from tinyprune.tuning.promising import finalists, representatives, worth_a_try
from tinyprune.tuning.rest import measured_rest

IMAGE_BYTES = 1 << 22  # of operands in one image: more, and compilers take long
EMULATED, COMPILED = "", "by bytes: nothing was emulated"

Say = Callable[[str], None]


@dataclass(frozen=True)
class Setting:
    """What costs are measured for, and with. Where it is not `emulated`, sizes alone are measured, and of each format
    only the kernel that is likely to be the fastest unless `smallest` is wanted. `bytes_matter` where speed is not all:
    then what is slower and smaller is measured too."""

    board: Board
    tools: Toolchain
    emulated: bool
    format: str = "auto"
    smallest: bool = False
    bytes_matter: bool = True

    def candidates(self, layer: Weighted, graph: Graph) -> list[Candidate]:
        known = candidates if self.emulated or self.smallest else preferred
        found = known(layer, graph, self.board.features, self.format)
        if self.emulated:
            return worth_a_try(layer, graph, found, self.bytes_matter)
        return [one for one in found if one.weights == "flash"]


def tune(graph: Graph, sample: Int8, on: Setting, say: Say) -> Costs:
    """The costs of each candidate of `graph` for the input `sample`, and of all the rest of its firmware."""
    values = reference.run(graph, sample[None])
    layers = {layer.name: layer for layer in graph.layers if isinstance(layer, Weighted)}
    wanted = {name: on.candidates(layer, graph) for name, layer in layers.items()}
    around = cache.surroundings(on.board, on.tools, on.emulated)
    keys = {name: _key(layer, graph, values, around) for name, layer in layers.items()}
    known = {name: _known(cache.load(key)) for name, key in keys.items()}

    def measure(some: Mapping[str, Sequence[Candidate]]) -> dict[str, tuple[Cost, ...]]:
        missing = [(name, one) for name, ones in some.items() for one in ones if one not in known[name]]
        trials = [(name, trial(layers[name], one, values)) for name, one in missing]
        if missing:
            say(f"measuring {len(missing)} kernels for {len({name for name, _ in missing})} layers on {on.board.name}")
        for part, job in [(part, pool.submit(_measured, graph, part, on)) for part in _parts(trials)]:
            for (name, _), cost in zip(part, job.result(), strict=True):
                known[name][cost.candidate] = cost
        for name in {name for name, _ in missing}:
            cache.store(keys[name], {"costs": [dataclasses.asdict(cost) for cost in known[name].values()]})
        return {name: tuple(known[name][one] for one in ones) for name, ones in some.items()}

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        rest = pool.submit(measured_rest, graph, sample, on.board, on.tools, on.emulated)
        if on.emulated:
            first = measure({name: representatives(some) for name, some in wanted.items()})
            wanted = {name: finalists(some, first[name], on.bytes_matter) for name, some in wanted.items()}
        return Costs(measure(wanted), rest.result(), EMULATED if on.emulated else COMPILED)


def _key(layer: Weighted, graph: Graph, values: Mapping[str, Int8], around: str) -> str:
    ends = [graph.tensors[name] for name in (layer.input, layer.output)]
    content = replace(layer, name="", input="", output="")
    shapes = [(tensor.shape, tensor.quant) for tensor in ends]
    return cache.key("layer", around, type(layer).__name__, content, shapes, values[layer.input])


def _known(figures: cache.Figures) -> dict[Candidate, Cost]:
    costs = [Cost(**one) for one in figures.get("costs", ())]
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
