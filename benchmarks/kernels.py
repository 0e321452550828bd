"""Kernels layer by layer, at zero wait states: `python benchmarks/kernels.py [--layers ... | --model ...] [--json]`.

Each layer of SHAPES, at each sparsity, in each kernel that can run it: in one image, emulated, priced, and compared
with the reference bit by bit, beside CMSIS-NN. Masks are uniformly random, in the blocks or runs of a format that has
such. CMSIS-NN's cycles are those of `--cmsis-nn IMAGE` (its functions `layer_<name>`, counted as ours are), or of the
core's cmsis_nn_*.json, which says of what. `--model` takes the layers and masks of real models instead.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import model_masks
import numpy as np
from kernel_rows import Row, alone, best, row, trials
from numpy.typing import NDArray

import tinyprune
from tinyprune import board as boards
from tinyprune import formats, ir, kernels, pipeline
from tinyprune.board import Board, FlashTiming
from tinyprune.ir import Graph, Int8, Padding, Quant, Tensor, Weighted, Window
from tinyprune.passes.candidates import Cost
from tinyprune.toolchain import Toolchain
from tinyprune.tuning.measuring import measured

SPARSITIES = (0.0, 0.5, 0.7, 0.75, 0.8, 0.9, 0.95)
BLOCKS = {"element": (1, 1), "bsr_2x2": (2, 2), "bsr_4x1": (4, 1), "bsr_4x2": (4, 2), "bsr_1x4": (1, 4)}
RUNS = {"nm_1_4": (1, 4), "nm_2_4": (2, 4), "nm_4_8": (4, 8)}
"""At most so many of so many: at the sparsity that this is."""
Pair = tuple[int, int]
RECORDED = {
    core: Path(__file__).with_name(f"cmsis_nn_{name}.json")
    for core, name in {"cortex-m0plus": "m0plus", "cortex-m3": "m3", "cortex-m4": "m4", "cortex-m4f": "m4"}.items()
}


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


def costs(shape: Shape, sparsity: float, board: Board, tools: Toolchain) -> list[Cost]:
    """Of every kernel that can run the layer; a kernel whose bits are not the reference's raises WrongBitsError."""
    found: list[Cost] = []
    for zeros in masks(sparsity):
        random = np.random.default_rng(0)
        graph, layer = layer_of(shape, random_weights(shape, sparsity, zeros, random), random)
        names = [
            name
            for name in kernels.eligible_formats(layer)
            if zeros_of(name) == zeros and (sparsity or name == "dense")
        ]
        if some := trials(alone(layer, graph), names, board.features):
            found += measured(graph, some, board, tools, True)
    return found


def peers(image: Path | None, board: str) -> dict[str, int]:
    """CMSIS-NN's core cycles by layer, as far as they are known."""
    if image is None:
        recorded = RECORDED.get(boards.load(board).core)
        return json.loads(recorded.read_text())["cycles"] if recorded else {}
    profiles = {name: tinyprune.profile(image, board, function=f"layer_{name}") for name in SHAPES}
    return {name: one.total.core_cycles or 0 for name, one in profiles.items()}


def rows(
    names: Sequence[str], sparsities: Sequence[float], board: Board, tools: Toolchain, theirs: dict[str, int]
) -> list[Row]:
    return [
        row(name, sparsity, cost, theirs.get(name))
        for name in names
        for sparsity in (sparsities if not SHAPES[name].depthwise else (0.0,))
        for cost in costs(SHAPES[name], sparsity, board, tools)
    ]


def table(shown: Sequence[Row]) -> str:
    lines = [
        "| layer | format | sparsity | kernel | rows | cycles | bytes | scratch | over CMSIS-NN |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for one in shown:
        figures = f"{one.cycles:,} | {one.bytes:,} | {one.scratch_bytes:,} | {one.speedup or '-'}"
        lines.append(
            f"| {one.layer} | {one.format} | {one.sparsity} | {one.kernel} | {one.strip_rows or '-'} | {figures} |"
        )
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    options = asked(arguments)
    on = pipeline.target(options.board, options.toolchain)
    board, tools = replace(on.board, flash_timing=FlashTiming(0)), on.toolchain
    if options.model:
        names = options.formats or model_masks.FORMATS
        shown: list[Row] = model_masks.rows(options.model, options.sparsity, names, board, tools)
        text = model_masks.tables(shown)
    else:
        made = rows(options.layers, options.sparsity, board, tools, peers(options.cmsis_nn, options.board))
        shown = made if options.all else best(made)
        text = table(shown)
    if options.json:
        print(json.dumps([asdict(one) for one in shown], indent=2))
    else:
        print(f"{text}\n\n{tools.name} {tools.version}, unicorn, zero wait states; all bit-exact")


def asked(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--layers", nargs="+", choices=SHAPES, default=[*SHAPES])
    what.add_argument("--model", nargs="+", type=Path, help="int8 .tflite: their layers, pruned by magnitude")
    parser.add_argument("--formats", nargs="+", choices=[*model_masks.FORMATS, *model_masks.OTHERS], help="of --model")
    parser.add_argument("--sparsity", nargs="+", type=float, default=[*SPARSITIES])
    parser.add_argument("--board", default="stm32f4", help="whose core it is; its flash counts as without wait states")
    parser.add_argument("--toolchain", choices=["gcc", "zig"])
    parser.add_argument("--cmsis-nn", type=Path, help="an image to count CMSIS-NN's layers in")
    parser.add_argument(
        "--all", action="store_true", help="every kernel of --layers, not only the fastest of each format"
    )
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    if options.model and (options.all or options.cmsis_nn):
        parser.error("--all and --cmsis-nn are for --layers")
    if options.formats and not options.model:
        parser.error("--formats is for --model")
    return options


if __name__ == "__main__":
    main()
