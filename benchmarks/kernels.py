"""Kernels layer by layer beside CMSIS-NN, at zero wait states: `python benchmarks/kernels.py [--layers ...] [--json]`.

Each layer of SHAPES, at each sparsity, in each kernel that can run it: in one image, emulated, priced, and compared
with the reference bit by bit. Masks are uniformly random, in the blocks or runs of a format that has such. CMSIS-NN's
cycles are those of `--cmsis-nn IMAGE` (its functions `layer_<name>`, counted as ours are), or of cmsis_nn_m4.json,
which says of what.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import tinyprune
from tinyprune import formats, ir, pipeline, reference
from tinyprune.board import Board, FlashTiming
from tinyprune.ir import Graph, Int8, Padding, Quant, Tensor, Weighted, Window
from tinyprune.passes.candidates import Cost, candidates
from tinyprune.tuning.bench import trial
from tinyprune.tuning.measuring import measured

SPARSITIES = (0.0, 0.5, 0.7, 0.75, 0.8, 0.9, 0.95)
BLOCKS = {"element": (1, 1), "bsr_2x2": (2, 2), "bsr_4x1": (4, 1), "bsr_4x2": (4, 2), "bsr_1x4": (1, 4)}
RUNS = {"nm_1_4": (1, 4), "nm_2_4": (2, 4), "nm_4_8": (4, 8)}
"""At most so many of so many: at the sparsity that this is."""
Pair = tuple[int, int]
RECORDED = Path(__file__).with_name("cmsis_nn_m4.json")


@dataclass(frozen=True)
class Shape:
    """A layer: height, width and channels of its input; output channels; window and stride, 0 for fully connected."""

    input: tuple[int, int, int]
    outputs: int
    window: tuple[int, int] = (0, 0)
    stride: int = 1
    depthwise: bool = False


SHAPES = {
    "fc640x128": Shape((1, 1, 640), 128),
    "fc128x128": Shape((1, 1, 128), 128),
    "fc128x8": Shape((1, 1, 128), 8),
    "fc8x128": Shape((1, 1, 8), 128),
    "fc128x640": Shape((1, 1, 128), 640),
    "fc256x10": Shape((1, 1, 256), 10),
    "pw64x64_25x5": Shape((25, 5, 64), 64, (1, 1)),
    "c3x3_16_32x32": Shape((32, 32, 16), 16, (3, 3)),
    "c3x3_64_8x8": Shape((8, 8, 64), 64, (3, 3)),
    "c10x4_1_64": Shape((49, 10, 1), 64, (10, 4), 2),
    "dw3x3_16_32x32": Shape((32, 32, 16), 16, (3, 3), depthwise=True),
    "dw3x3_64_8x8": Shape((8, 8, 64), 64, (3, 3), depthwise=True),
    "dw3x3_64_25x5": Shape((25, 5, 64), 64, (3, 3), depthwise=True),
}


@dataclass(frozen=True)
class Row:
    layer: str
    format: str
    kernel: str
    strip_rows: int
    sparsity: float
    instructions: int
    cycles: int
    bytes: int
    scratch_bytes: int
    bit_exact: bool
    speedup: float


def same_padding(length: int, taps: int, stride: int) -> tuple[int, int]:
    """Before and after, as TensorFlow's SAME has it."""
    total = max((-(-length // stride) - 1) * stride + taps - length, 0)
    return total // 2, total - total // 2


def layer_of(shape: Shape, values: Int8, random: np.random.Generator) -> tuple[Graph, Weighted]:
    """The layer with these weights, and a graph of its tensors; scales that use the range of the output."""
    height, width, channels = shape.input
    fan_in = max(np.count_nonzero(values) / shape.outputs, 1)
    count = shape.outputs if shape.window[0] else 1
    scales = tuple((60 / (74 * 74 * np.sqrt(fan_in)) * random.uniform(0.5, 1.5, count)).tolist())
    weights = formats.pack("dense", values, Quant(scales, 0))
    bias = random.integers(-3000, 3000, shape.outputs).astype(np.int32)
    zero_point, clamp = int(random.integers(-128, 100)), (-128, 127)
    source = Tensor("x", (1, height, width, channels), Quant((1.0,), zero_point))
    if not shape.window[0]:
        tensors = {"x": replace(source, shape=(1, channels)), "y": Tensor("y", (1, shape.outputs), Quant((1.0,), -128))}
        return Graph("layer", tensors, (), ("x",), ("y",)), ir.Dense("layer", "x", "y", weights, bias, clamp)
    sides = [
        same_padding(length, taps, shape.stride) for length, taps in zip((height, width), shape.window, strict=True)
    ]
    window = Window(shape.window, (shape.stride, shape.stride), padding=Padding(*sides[0], *sides[1]))
    kind = ir.DepthwiseConv2D if shape.depthwise else ir.Conv2D
    target = Tensor("y", (1, *window.output(height, width), shape.outputs), Quant((1.0,), -128))
    graph = Graph("layer", {"x": source, "y": target}, (), ("x",), ("y",))
    return graph, kind("layer", "x", "y", weights, bias, window, clamp)


def random_weights(shape: Shape, sparsity: float, zeros: str, random: np.random.Generator) -> Int8:
    """Output channels first (last where depthwise); zeros as `zeros` has them, in the flattened matrix."""
    channels = shape.input[2]
    inside = (*shape.window, 1 if shape.depthwise else channels) if shape.window[0] else (channels,)
    matrix = random.integers(-127, 128, (shape.outputs, int(np.prod(inside)))).astype(np.int8)
    matrix[matrix == 0] = 1
    if zeros in RUNS:
        kept = kept_runs(matrix.shape, RUNS[zeros], random)
    else:
        kept = kept_blocks(matrix.shape, BLOCKS[zeros], sparsity, random)
    pruned = (matrix * kept).astype(np.int8)
    if shape.depthwise:
        return pruned.T.reshape(1, *shape.window, shape.outputs)
    return pruned.reshape(shape.outputs, *inside)


def kept_blocks(size: Pair, block: Pair, sparsity: float, random: np.random.Generator) -> NDArray[np.bool_]:
    grid = tuple(-(-side // step) for side, step in zip(size, block, strict=True))
    kept = np.ones(grid, bool).reshape(-1)
    kept[random.permutation(kept.size)[: round(kept.size * sparsity)]] = False
    return np.kron(kept.reshape(grid), np.ones(block, bool))[: size[0], : size[1]]


def kept_runs(size: Pair, pattern: Pair, random: np.random.Generator) -> NDArray[np.bool_]:
    kept, run = pattern
    ranks = random.random((size[0], -(-size[1] // run), run)).argsort(axis=2).argsort(axis=2)
    return (ranks < kept).reshape(size[0], -1)[:, : size[1]]


def zeros_of(format_name: str) -> str:
    """What the masks of a format's rows are named after: the format, where its zeros lie in a pattern."""
    return format_name if format_name in (*BLOCKS, *RUNS) else "element"


def masks(sparsity: float) -> list[str]:
    """The patterns that can have this sparsity."""
    return [*BLOCKS, *(name for name, (kept, run) in RUNS.items() if sparsity == 1 - kept / run)]


def costs(shape: Shape, sparsity: float, on: pipeline.Target, board: Board) -> list[Cost]:
    """Of every kernel that can run the layer; a kernel whose bits are not the reference's raises WrongBitsError."""
    found: list[Cost] = []
    for zeros in masks(sparsity):
        random = np.random.default_rng(0)
        graph, layer = layer_of(shape, random_weights(shape, sparsity, zeros, random), random)
        whole = replace(graph, layers=(layer,))
        inputs = random.integers(-128, 128, whole.tensors["x"].shape, np.int8)
        values = reference.run(whole, inputs)
        able = candidates(layer, whole, board.features)
        wanted = [one for one in able if zeros_of(one.format) == zeros and (sparsity or one.format == "dense")]
        if wanted:
            found += measured(whole, [trial(layer, one, values) for one in wanted], board, on.toolchain, True)
    return found


def peers(image: Path | None, board: str) -> dict[str, int]:
    """CMSIS-NN's core cycles by layer."""
    if image is None:
        return json.loads(RECORDED.read_text())["cycles"]
    profiles = {name: tinyprune.profile(image, board, function=f"layer_{name}") for name in SHAPES}
    return {name: one.total.core_cycles or 0 for name, one in profiles.items()}


def rows(names: Sequence[str], sparsities: Sequence[float], on: pipeline.Target, theirs: dict[str, int]) -> list[Row]:
    board = replace(on.board, flash_timing=FlashTiming(0))
    made: list[Row] = []
    for name in names:
        for sparsity in sparsities if not SHAPES[name].depthwise else (0.0,):
            for cost in costs(SHAPES[name], sparsity, on, board):
                assert cost.instructions is not None and cost.core_cycles is not None
                speedup = round(theirs[name] / cost.core_cycles, 2)
                time = (cost.instructions, cost.core_cycles, cost.operand_bytes, cost.scratch_bytes)
                made.append(Row(name, cost.format, cost.kernel, cost.rows, sparsity, *time, True, speedup))
    return made


def best(all_rows: Sequence[Row]) -> list[Row]:
    """The fastest of each layer, format and sparsity."""
    fastest: dict[tuple[str, str, float], Row] = {}
    for row in sorted(all_rows, key=lambda row: row.cycles):
        fastest.setdefault((row.layer, row.format, row.sparsity), row)
    return [row for row in all_rows if row in fastest.values()]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--layers", nargs="+", choices=SHAPES, default=[*SHAPES])
    parser.add_argument("--sparsity", nargs="+", type=float, default=[*SPARSITIES])
    parser.add_argument("--board", default="stm32f4", help="whose core it is; its flash counts as without wait states")
    parser.add_argument("--toolchain", choices=["gcc", "zig"])
    parser.add_argument("--cmsis-nn", type=Path, help="an image to count CMSIS-NN's layers in")
    parser.add_argument("--all", action="store_true", help="every kernel, not only the fastest of each format")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    on = pipeline.target(options.board, options.toolchain)
    made = rows(options.layers, options.sparsity, on, peers(options.cmsis_nn, options.board))
    shown = made if options.all else best(made)
    if options.json:
        print(json.dumps([asdict(row) for row in shown], indent=2))
        return
    print("| layer | format | sparsity | kernel | rows | cycles | bytes | scratch | over CMSIS-NN |")
    print("|---|---|---|---|---|---|---|---|---|")
    for row in shown:
        figures = f"{row.cycles:,} | {row.bytes:,} | {row.scratch_bytes:,} | {row.speedup:.2f}"
        print(f"| {row.layer} | {row.format} | {row.sparsity} | {row.kernel} | {row.strip_rows or '-'} | {figures} |")
    print(f"\n{on.toolchain.name} {on.toolchain.version}, unicorn, zero wait states; all bit-exact")


if __name__ == "__main__":
    main()
