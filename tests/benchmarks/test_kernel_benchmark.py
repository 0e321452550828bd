"""What benchmarks/kernels.py prints, and the masks of real models that it measures."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))

from kernel_rows import Row, alone, best, trials  # noqa: E402
from model_masks import MaskedRow, at_random_places, spread, subjects, sums, weights_of  # noqa: E402

from tinyprune import board, ir  # noqa: E402
from tinyprune.ir import Graph  # noqa: E402
from tinyprune.passes.prune_weights import prune_weights  # noqa: E402
from tinyprune.source import import_pruned  # noqa: E402

ROW = Row("fc", "csr", "tp_dense_csr_s8", 0, 0.8, 90, 100, 50, 0, True, None)
DIGITS = ROOT / "tests" / "data" / "digits.tflite"


@pytest.fixture(scope="module")
def layers() -> dict[str, Graph]:
    graph = import_pruned(DIGITS.read_bytes(), "digits", 0.0, "element", None)
    return {layer.name: alone(layer, graph) for layer in graph.layers if isinstance(layer, ir.Conv2D | ir.Dense)}


def test_equally_fast_kernels_are_one_row() -> None:
    other, slower = replace(ROW, format="dense", cycles=300), replace(ROW, kernel="tp_slow", cycles=101)
    assert best([slower, ROW, replace(ROW), other, other]) == [ROW, other]
    assert best([ROW, replace(ROW, sparsity=0.9)]) == [ROW, replace(ROW, sparsity=0.9)]


def test_no_layer_is_measured_twice(layers: dict[str, Graph]) -> None:
    """Where weights lie makes no difference without wait states, but where they are copied first."""
    able = trials(layers["conv2d_2"], ["dense", "csr"], board.load("stm32f4").features)
    told = [one.candidate for one in able]
    assert len(set(told)) == len(told) and {one.format for one in told} == {"dense", "csr"}
    assert {one.weights for one in told} == {"flash", "buffer"}


@pytest.mark.parametrize("block", [(1, 1), (2, 2), (4, 1)])
def test_random_places_keep_blocks_whole(block: tuple[int, int]) -> None:
    random = np.random.default_rng(3)
    values = np.kron(random.integers(1, 99, (5, 8)), np.ones(block)).astype(np.int8)
    values[: block[0] * 4, : block[1] * 4] = 0
    values = np.pad(values, ((0, block[0] - 1), (0, block[1] - 1)), constant_values=7)
    moved = at_random_places(values, block, random)
    assert sorted(moved.reshape(-1)) == sorted(values.reshape(-1)) and (moved != values).mean() > 0.5
    down, across = 5 * block[0], 8 * block[1]
    corners = moved[: down : block[0], : across : block[1]]
    assert np.array_equal(np.kron(corners, np.ones(block)), moved[:down, :across])
    assert (moved[down:] == 7).all() and (moved[:, across:] == 7).all()


def test_random_places_are_uniform() -> None:
    """Every place as often as any other, within five standard deviations."""
    values = np.array([[1, 1, 1, 1, 1, 1], [1, 0, 0, 0, 0, 0]], np.int8)
    random, count = np.random.default_rng(0), 2000
    hits = sum(at_random_places(values, (1, 1), random).astype(int) for _ in range(count))
    share = 7 / 12
    assert (abs(hits - count * share) < 5 * np.sqrt(count * share * (1 - share))).all()


def test_both_masks_have_as_many_non_zeros(layers: dict[str, Graph]) -> None:
    whole, *pairs = subjects(layers["conv2d_1"], (0.5, 0.9), ("csr", "bsr_2x2", "csr_delta"))
    assert whole.names == ("dense",) and whole.sparsity == 0
    assert [(one.sparsity, one.names) for one in pairs[::2]] == [
        (sparsity, names) for sparsity in (0.5, 0.9) for names in (["csr", "csr_delta"], ["bsr_2x2"])
    ]
    for real, uniform in zip(pairs[::2], pairs[1::2], strict=True):
        assert (real.uniform, uniform.uniform) == (False, True)
        assert np.count_nonzero(weights_of(real.whole)) == np.count_nonzero(weights_of(uniform.whole))
        assert abs((weights_of(real.whole) == 0).mean() - real.sparsity) < 0.01
        assert not np.array_equal(weights_of(real.whole), weights_of(uniform.whole))


def test_weights_at_random_places_are_those_of_the_layer(layers: dict[str, Graph]) -> None:
    """So that each channel's accumulators stay as small as the layer's are, and no proof fails that held for it."""
    whole = layers["conv2d_1"]
    moved, unpruned = weights_of(spread(whole, prune_weights(whole, 0.5), (1, 1))), weights_of(whole)
    assert ((moved == unpruned) | (moved == 0) | ((unpruned == 0) & (moved == 1))).all()


def test_sums_are_of_one_model() -> None:
    dense = MaskedRow(
        **vars(replace(ROW, format="dense", sparsity=0.0, cycles=400)), uniform_cycles=None, over_uniform=None
    )
    csr = MaskedRow(**vars(ROW), uniform_cycles=80, over_uniform=1.25)
    rows = [replace(one, layer=name) for name in ("a:x", "a:y", "b:x") for one in (dense, csr)]
    found = {(one.layer, one.format): one for one in sums(rows)}
    assert list(found) == [("a", "dense"), ("a", "csr"), ("b", "dense"), ("b", "csr")]
    total = found["a", "csr"]
    assert (total.cycles, total.uniform_cycles, total.over_uniform) == (200, 160, 1.25)
    assert (total.bytes, total.speedup, found["a", "dense"].speedup) == (100, 4.0, 1.0)


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, ROOT / "benchmarks" / "kernels.py", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)


def test_a_real_model_is_measured() -> None:
    result = run("--model", str(DIGITS), "--sparsity", "0.8", "--formats", "csr", "bsr_4x1", "--json")
    assert result.returncode == 0, result.stderr
    rows: list[dict[str, Any]] = json.loads(result.stdout)
    names = ["conv2d_0", "conv2d_1", "conv2d_2", "conv2d_5", "dense_7"]
    assert [(row["layer"], row["format"]) for row in rows] == [
        (f"digits:{name}", format_name) for name in names for format_name in ("dense", "csr", "bsr_4x1")
    ]
    for dense, *sparse in (rows[start : start + 3] for start in range(0, len(rows), 3)):
        assert dense["speedup"] == 1 and dense["over_uniform"] is None
        for row in sparse:
            assert row["bit_exact"] and row["sparsity"] == 0.8
            assert row["speedup"] == round(dense["cycles"] / row["cycles"], 2)
            assert row["over_uniform"] == round(row["cycles"] / row["uniform_cycles"], 3)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [(["--formats", "csr"], "is for --model"), (["--model", str(DIGITS), "--all"], "are for --layers")],
)
def test_options_that_would_do_nothing_are_refused(arguments: list[str], problem: str) -> None:
    result = run(*arguments)
    assert result.returncode == 2 and problem in result.stderr
