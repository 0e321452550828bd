"""What the lossless passes take out of models: `python benchmarks/lossless.py MODEL.tflite ... [--board B] [--json]`.

Each model is built twice by the same toolchain and run in the same emulator, with the passes and without. Both give
the same bits; what differs is multiply-accumulates, weights, constants in flash, and instructions.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from tinyprune import emulators, formats, ir, pipeline, reference, tuning
from tinyprune.frontend import tflite_import
from tinyprune.ir import Graph
from tinyprune.passes.choose import Goal, choose
from tinyprune.passes.simplify import simplify
from tinyprune.passes.verify import verify
from tinyprune.toolchain.memory import memory_use

PLAIN = frozenset[str]()


@dataclass(frozen=True)
class Figures:
    macs: int
    weights: int
    constants_bytes: int
    instructions: int


@dataclass(frozen=True)
class Row:
    model: str
    kernels: str
    without: Figures
    with_passes: Figures
    toolchain: str
    emulator: str
    same_bits: bool


def measured(graph: Graph, on: pipeline.Target, features: frozenset[str]) -> tuple[Figures, emulators.Run, str]:
    """The figures of `graph` as it is, all layers dense, and its run on random inputs."""
    ready = verify(choose(graph, tuning.estimate(graph, features, "dense"), Goal("flash", "dense")))
    inputs = random_inputs(ready)
    with tempfile.TemporaryDirectory() as folder:
        elf = pipeline.compile_graph(ready, inputs[0], on, Path(folder))
        run = emulators.run(on.emulator, elf, on.board, inputs)
    weights = [formats.unpack(layer.weights).size for layer in graph.layers if isinstance(layer, ir.Weighted)]
    macs = sum(ir.macs(layer, graph) for layer in graph.layers)
    constants = memory_use(elf, on.board).flash.weights
    return Figures(macs, sum(weights), constants, run.instructions), run, f"{elf.toolchain} {elf.toolchain_version}"


def random_inputs(graph: Graph) -> ir.Int8:
    sizes = [graph.tensors[name].bytes for name in graph.inputs]
    return np.random.default_rng(0).integers(-128, 128, (3, sum(sizes)), np.int8)


def row(model: Path, on: pipeline.Target, features: frozenset[str]) -> Row:
    graph = tflite_import.load(model)
    before, run, toolchain = measured(graph, on, features)
    after, same, _ = measured(simplify(graph), on, features)
    expected = reference.output(graph, random_inputs(graph)).reshape(3, -1)
    exact = all(np.array_equal(one.outputs.reshape(3, -1), expected) for one in (run, same))
    kernels = "+".join(sorted(features)) or "plain C"
    return Row(model.stem, kernels, before, after, toolchain, f"{run.emulator} {run.emulator_version}", exact)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="+", type=Path)
    parser.add_argument("--board", default="stm32f4")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    on = pipeline.target(options.board)
    rows = [row(model, on, features) for model in options.models for features in (PLAIN, on.board.features)]
    if options.json:
        print(json.dumps([asdict(one) for one in rows], indent=2))
        return
    print("| model | kernels | MACs | weights | constants, bytes | instructions | ratio | same bits |")
    print("|---|---|---|---|---|---|---|---|")
    for one in rows:
        pairs = zip(asdict(one.without).values(), asdict(one.with_passes).values(), strict=True)
        cells = " | ".join(f"{a:,} → {b:,}" for a, b in pairs)
        ratio = one.with_passes.instructions / one.without.instructions
        print(f"| {one.model} | {one.kernels} | {cells} | {ratio:.3f} | {'yes' if one.same_bits else 'NO'} |")
    print(f"\n{rows[0].toolchain}, {rows[0].emulator}, {on.board.name}")


if __name__ == "__main__":
    main()
