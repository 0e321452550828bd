"""The layers of real models, pruned by magnitude, beside the same ones with their non-zeros at random places."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from kernel_rows import Row, alone, best, row, trials
from numpy.typing import NDArray

from tinyprune import formats, ir
from tinyprune.board import Board
from tinyprune.ir import Graph, Int8
from tinyprune.passes.prune_weights import BLOCKS, prune_weights
from tinyprune.passes.simplify import simplify
from tinyprune.passes.verify import verify
from tinyprune.source import import_pruned
from tinyprune.toolchain import Toolchain
from tinyprune.tuning.measuring import measured

FORMATS = ("csr", "csr_delta", "bsr_2x2", "bsr_4x1")
OTHERS = ("csr_delta4", "bitmap", "code", "bsr_4x2", "bsr_1x4")
SEED = 0


@dataclass(frozen=True)
class MaskedRow(Row):
    """Cycles with the non-zeros at random places, and how many times these the real mask takes; None where dense."""

    uniform_cycles: int | None
    over_uniform: float | None


@dataclass(frozen=True, eq=False)
class Subject:
    """A layer, all of `whole`, in the formats that its mask is for; `uniform` says where its non-zeros are."""

    whole: Graph
    sparsity: float
    names: Sequence[str]
    uniform: bool


def granularity(format_name: str) -> str:
    """What magnitude pruning removes as one piece where a layer is to be in that format."""
    return f"block:{format_name.removeprefix('bsr_')}" if format_name.startswith("bsr_") else "element"


def at_random_places(values: NDArray[Any], block: tuple[int, int], random: np.random.Generator) -> NDArray[Any]:
    """(O, ...): the blocks of the matrix (O, I) anywhere in it; what is no whole block, at its edges, stays."""
    matrix = values.reshape(len(values), -1).copy()
    height, width = block
    down, across = matrix.shape[0] // height, matrix.shape[1] // width
    inside = matrix[: down * height, : across * width]
    blocks = inside.reshape(down, height, across, width).swapaxes(1, 2)
    moved = random.permutation(blocks.reshape(-1, height, width)).reshape(blocks.shape)
    inside[:] = moved.swapaxes(1, 2).reshape(inside.shape)
    return matrix.reshape(values.shape)


def spread(whole: Graph, pruned: Graph, block: tuple[int, int]) -> Graph:
    """The layer of `whole` with as many non-zeros as that of `pruned` has, at random places.

    What is there stays, so that no channel's sums grow, and the same requantization is exact; 1 where that is 0.
    """
    unpruned = weights_of(whole)
    kept = at_random_places(weights_of(pruned) != 0, block, np.random.default_rng(SEED))
    values = np.where(kept, np.where(unpruned == 0, 1, unpruned), 0).astype(np.int8)
    layer = whole.layers[0]
    assert isinstance(layer, ir.Weighted)
    weights = formats.pack("dense", values, layer.weights.quant)
    return verify(replace(whole, layers=(replace(layer, weights=weights),)))


def weights_of(whole: Graph) -> Int8:
    layer = whole.layers[0]
    assert isinstance(layer, ir.Weighted)
    return formats.unpack(layer.weights)


def subjects(whole: Graph, sparsities: Sequence[float], names: Sequence[str]) -> Iterator[Subject]:
    """The layer unpruned, then by sparsity and by what is pruned as one piece, with either mask."""
    yield Subject(whole, 0.0, ("dense",), False)
    for sparsity in sparsities:
        for piece in dict.fromkeys(map(granularity, names)):
            some = [name for name in names if granularity(name) == piece]
            pruned = prune_weights(whole, sparsity, piece)
            yield Subject(pruned, sparsity, some, False)
            yield Subject(spread(whole, pruned, BLOCKS[piece]), sparsity, some, True)


def layer_rows(name: str, of: Sequence[Subject], board: Board, tools: Toolchain) -> list[MaskedRow]:
    """One layer, all in one image: the fastest kernel of each format and sparsity, the unpruned one first."""
    every = [trials(one.whole, one.names, board.features) for one in of]
    costs = iter(measured(of[0].whole, [trial for some in every for trial in some], board, tools, True))
    found: dict[bool, list[Row]] = {False: [], True: []}
    for one, some in zip(of, every, strict=True):
        found[one.uniform] += [row(name, one.sparsity, next(costs), None) for _ in some]
    uniform = {(one.format, one.sparsity): one.cycles for one in best(found[True])}
    real = best(found[False])
    return [compared(one, real[0].cycles, uniform.get((one.format, one.sparsity))) for one in real]


def compared(one: Row, dense: int, uniform: int | None) -> MaskedRow:
    ratio = None if uniform is None else round(one.cycles / uniform, 3)
    return MaskedRow(
        **asdict(replace(one, speedup=round(dense / one.cycles, 2))), uniform_cycles=uniform, over_uniform=ratio
    )


def rows(
    models: Iterable[Path], sparsities: Sequence[float], names: Sequence[str], board: Board, tools: Toolchain
) -> list[MaskedRow]:
    """Of every convolution (not depthwise) and every fully connected layer of the simplified models."""
    made: list[MaskedRow] = []
    for model in models:
        graph = simplify(import_pruned(model.read_bytes(), model.stem, 0.0, "element", None))
        for layer in graph.layers:
            if isinstance(layer, (ir.Conv2D, ir.Dense)):
                of = list(subjects(alone(layer, graph), sparsities, names))
                made += layer_rows(f"{model.stem}:{layer.name}", of, board, tools)
    return made


def sums(rows: Sequence[MaskedRow]) -> list[MaskedRow]:
    """Over the layers of each model, by format and sparsity."""
    groups: dict[tuple[str, str, float], list[MaskedRow]] = {}
    for one in rows:
        groups.setdefault((one.layer.split(":")[0], one.format, one.sparsity), []).append(one)
    whole = {model: sum(one.cycles for one in some) for (model, name, _), some in groups.items() if name == "dense"}
    return [added(model, some, whole[model]) for (model, _, _), some in groups.items()]


def added(model: str, some: Sequence[MaskedRow], dense: int) -> MaskedRow:
    """Scratch is that of the layer that takes most; kernels differ."""
    first = some[0]
    uniform = sum(one.uniform_cycles or 0 for one in some) or None
    total = Row(
        layer=model,
        format=first.format,
        kernel="",
        strip_rows=0,
        sparsity=first.sparsity,
        instructions=sum(one.instructions for one in some),
        cycles=sum(one.cycles for one in some),
        bytes=sum(one.bytes for one in some),
        scratch_bytes=max(one.scratch_bytes for one in some),
        bit_exact=all(one.bit_exact for one in some),
        speedup=None,
    )
    return compared(total, dense, uniform)


def tables(rows: Sequence[MaskedRow]) -> str:
    """Of the layers, and of the models."""
    return f"{table(rows)}\n\n{table(sums(rows))}"


def table(rows: Sequence[MaskedRow]) -> str:
    lines = [
        "| layer | format | sparsity | cycles | at random places | real / random | bytes | over dense |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for one in rows:
        masks = f"{one.uniform_cycles:,} | {one.over_uniform:.3f}" if one.uniform_cycles else "- | -"
        figures = f"{one.cycles:,} | {masks} | {one.bytes:,} | {one.speedup}"
        lines.append(f"| {one.layer} | {one.format} | {one.sparsity} | {figures} |")
    return "\n".join(lines)
