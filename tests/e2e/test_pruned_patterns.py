"""Keras models pruned in patterns reach the code generator with them: their formats hold the weights."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tinyprune.board import ALL_FEATURES
from tinyprune.formats import FORMATS, nbytes, unpack
from tinyprune.formats.bsr import Bsr
from tinyprune.frontend.quantize import quantize
from tinyprune.frontend.tflite_import import import_tflite
from tinyprune.ir import Graph, Int8, Weighted
from tinyprune.passes.candidates import candidates, with_candidate
from tinyprune.passes.simplify import simplify
from tinyprune.pruning import prune
from tinyprune.source import prepare

pytestmark = pytest.mark.keras


@pytest.fixture(scope="module")
def model() -> Any:
    """A convolution with batch normalization, another one, and a dense layer over their flattened output. Without ReLU:
    none of its few channels is dead, and where dead ones go, what lies behind them moves."""
    import keras

    keras.utils.set_random_seed(3)
    layers = keras.layers
    parts = [layers.Conv2D(8, 3, use_bias=False), layers.BatchNormalization()]
    parts += [layers.Conv2D(8, 1), layers.Flatten(), layers.Dense(12)]
    return keras.Sequential([keras.Input((8, 8, 8)), *parts], name="small")


def samples() -> Any:
    return np.random.default_rng(1).normal(size=(16, 8, 8, 8)).astype(np.float32)


def imported(pruned: Any) -> Graph:
    return simplify(import_tflite(quantize(pruned, samples()), "pruned"))


def weighted(graph: Graph) -> list[Weighted]:
    return [layer for layer in graph.layers if isinstance(layer, Weighted)]


def formats_of(layer: Weighted, graph: Graph) -> set[str]:
    return {one.format for one in candidates(layer, graph, ALL_FEATURES)}


def matrix(layer: Weighted) -> Int8:
    values = unpack(layer.weights)
    return values.reshape(len(values), -1)


@pytest.mark.parametrize("pattern", ["2:4", "1:4", "4:8"])
def test_runs(model: Any, pattern: str) -> None:
    pruned, _ = prune(model, granularity=f"n_m:{pattern}", schedule="one_shot")
    name = f"nm_{pattern.replace(':', '_')}"
    graph, whole = imported(pruned), imported(model)
    assert len(weighted(graph)) == 3
    assert all(name in formats_of(layer, graph) for layer in weighted(graph))
    assert not any(name in formats_of(layer, whole) for layer in weighted(whole))
    for layer in weighted(graph):
        stored = next(one for one in candidates(layer, graph, ALL_FEATURES) if one.format == name)
        np.testing.assert_array_equal(unpack(with_candidate(layer, stored).weights), unpack(layer.weights))


@pytest.mark.parametrize("pattern", ["4x1", "2x2", "4x2", "1x4"])
def test_blocks(model: Any, pattern: str) -> None:
    """As many blocks are stored as pruning kept: none lies across two."""
    pruned, result = prune(model, sparsity=0.5, granularity=f"block:{pattern}", schedule="one_shot")
    graph = imported(pruned)
    name = f"bsr_{pattern}"
    shape = FORMATS[name].module
    assert isinstance(shape, Bsr)
    for layer, (kept, _) in zip(weighted(graph), result.kept.values(), strict=True):
        assert name in formats_of(layer, graph)
        stored = next(one for one in candidates(layer, graph, ALL_FEATURES) if one.format == name)
        blocks = kept * (shape.rows * shape.columns + 2)
        assert nbytes(with_candidate(layer, stored).weights) <= blocks + 2 * -(-len(matrix(layer)) // shape.rows)


@pytest.mark.parametrize("granularity", ["2:4", "n_m", "n_m:2:4"])
def test_build_takes_the_same_names_for_keras_models(model: Any, granularity: str, tmp_path: Path) -> None:
    model.save(tmp_path / "small.keras")
    np.savez(tmp_path / "data.npz", x_test=samples())
    data = str(tmp_path / "data.npz")
    source = prepare(tmp_path / "small.keras", data, 0.5, granularity, lambda text, transient=False: None)
    assert source.granularity == "n_m:2:4"
    assert all("nm_2_4" in formats_of(layer, source.graph) for layer in weighted(source.graph))
