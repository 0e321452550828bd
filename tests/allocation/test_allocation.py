"""The allocation is the best of all choices, found by trying each; and its costs are those of the layers it names."""

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from tinyprune import formats, ir
from tinyprune.allocation import MILLION, Measured, allocate, matching
from tinyprune.cli import app
from tinyprune.errors import BudgetError, TinypruneError
from tinyprune.frontend import tflite_import
from tinyprune.ir import Graph, Int8, Quant, Tensor
from tinyprune.passes.candidates import Cost, Costs, Rest
from tinyprune.pruning.sensitivity import Curve, Sensitivity

DIGITS = Path(__file__).parents[1] / "data" / "digits.tflite"
LEVELS = (0.5, 0.8, 0.9)
NAMES = {"one": "dense_0", "two": "dense_1", "three": "dense_2"}
SHARED = {"plain": 40, "sparse": 300}
REST = Rest(1000, 50, 100, 500, 700)


@dataclass(frozen=True)
class Chosen:
    harm: int
    weights: int
    flash: int
    cycles: int
    levels: tuple[int, ...]


def curves(seed: int) -> Sensitivity:
    random = np.random.default_rng(seed)
    points = (0.0, *LEVELS)
    found = [
        Curve(name, (name,), 100 * (number + 1), points, (0.9, *np.round(random.uniform(0.1, 0.95, 3), 2).tolist()))
        for number, name in enumerate(NAMES)
    ]
    return Sensitivity("magnitude", "element", 100, LEVELS, 0.9, tuple(found))


def costs(seed: int) -> Measured:
    """Two candidates of each layer at each level, that share code; the graph has no more than the layers' names."""
    random = np.random.default_rng(seed)

    def some() -> tuple[Cost, ...]:
        figures = random.integers(1, 1000, (2, 2)).tolist()
        kinds = zip(("dense", "csr"), SHARED, figures, strict=True)
        return tuple(
            Cost(name, name, 0, "flash", f, f, 0, {code: SHARED[code]}, cycles, cycles, 0)
            for name, code, (f, cycles) in kinds
        )

    by_level = {level: Costs({name: some() for name in NAMES.values()}, REST, "") for level in (0.0, *LEVELS)}
    return Measured(chain(), by_level, NAMES)


def chain() -> Graph:
    tensors = {str(i): Tensor(str(i), (1, 4), Quant((1.0,), 0)) for i in range(4)}
    weights = formats.pack("dense", np.eye(4, dtype=np.int8), Quant((1.0,), 0))
    bias = np.zeros(4, np.int32)
    layers = [ir.Dense(name, str(i), str(i + 1), weights, bias, (-128, 127)) for i, name in enumerate(NAMES.values())]
    return Graph("chain", tensors, tuple(layers), ("0",), ("3",))


def every_choice(found: Sensitivity, measured: Measured) -> Iterator[Chosen]:
    harms = [np.maximum.accumulate([max(0.0, 0.9 - one) for one in curve.accuracies]) for curve in found.curves]
    places = range(len(LEVELS) + 1)
    for levels in itertools.product(places, repeat=3):
        rows = [
            list(measured.by_level.values())[k].of[NAMES[c.layer]] for k, c in zip(levels, found.curves, strict=True)
        ]
        for taken in itertools.product(*rows):
            code = {name: size for cost in taken for name, size in cost.functions.items()}
            yield Chosen(
                sum(round(MILLION * float(harm[k])) for harm, k in zip(harms, levels, strict=True)),
                sum(round((1 - c.sparsities[k]) * c.weights) for k, c in zip(levels, found.curves, strict=True)),
                sum(cost.flash_bytes for cost in taken) + sum(code.values()) + 1000,
                sum(cost.cycles or 0 for cost in taken) + 700,
                levels,
            )


@pytest.mark.parametrize("seed", range(20))
def test_none_within_the_budgets_is_better(seed: int) -> None:
    found, measured = curves(seed), costs(seed)
    every = list(every_choice(found, measured))
    flash = sorted(one.flash for one in every)[len(every) // 3]
    cycles = sorted(one.cycles for one in every)[len(every) // 3]
    within = [one for one in every if one.flash <= flash and one.cycles <= cycles and one.weights <= 300]
    if not within:
        with pytest.raises(BudgetError):
            allocate(found, sparsity=0.5, max_flash=flash, max_cycles=cycles, costs=measured)
        return
    told = allocate(found, sparsity=0.5, max_flash=flash, max_cycles=cycles, costs=measured)
    assert told.accuracy == pytest.approx(max(0, 0.9 - min(one.harm for one in within) / MILLION))
    assert told.flash_bytes <= flash and told.cycles <= cycles and told.sparsity >= 0.5
    places = tuple((0.0, *LEVELS).index(told.layers[name]) for name in NAMES)
    same = [one for one in within if one.levels == places]
    assert (told.flash_bytes, told.cycles) in [(one.flash, one.cycles) for one in same]


@pytest.mark.parametrize("sparsity", [0.0, 0.3, 0.6, 0.85])
def test_a_sparsity_needs_no_costs(sparsity: float) -> None:
    found = curves(1)
    told = allocate(found, sparsity=sparsity)
    fit = [one for one in every_choice(found, costs(1)) if one.weights <= round((1 - sparsity) * 600)]
    assert told.accuracy == pytest.approx(max(0, 0.9 - min(one.harm for one in fit) / MILLION))
    assert told.sparsity >= sparsity - 1e-9
    assert told.flash_bytes is None and told.cycles is None
    if not sparsity:
        assert set(told.layers.values()) == {0.0}


def test_what_cannot_be_had_is_told() -> None:
    with pytest.raises(BudgetError, match=r"60 weights at least, allowed are 30"):
        allocate(curves(2), sparsity=0.95)
    with pytest.raises(BudgetError, match=r"bytes of flash at least, allowed are 10"):
        allocate(curves(2), max_flash=10, costs=costs(2))
    with pytest.raises(TinypruneError, match="need the costs of a board"):
        allocate(curves(2), max_cycles=10)
    with pytest.raises(TinypruneError, match="nothing to allocate"):
        allocate(curves(2))
    with pytest.raises(TinypruneError, match=r"sparsity 1.0 is not in \[0, 1\)"):
        allocate(curves(2), sparsity=1.0)


def test_layers_are_found_by_their_kernels() -> None:
    graph = tflite_import.load(DIGITS)
    random = np.random.default_rng(0)
    layers = [layer for layer in graph.layers if isinstance(layer, (ir.Conv2D, ir.Dense))]
    for layer in layers:
        values: Int8 = formats.unpack(layer.weights)
        scaled = values * random.uniform(0.1, 9, (len(values), *[1] * (values.ndim - 1)))
        assert matching(np.moveaxis(scaled, 0, -1), "named", graph) == layer.name
    with pytest.raises(TinypruneError, match="'strange' is no single layer"):
        matching(random.normal(size=(3, 3, 24, 32)), "strange", graph)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["sensitivity", *arguments], catch_exceptions=False)


@pytest.fixture
def tiny(tmp_path: Path) -> tuple[str, str]:
    """A trained model and its data, as files."""
    import keras

    keras.utils.set_random_seed(1)
    random = np.random.default_rng(0)
    labels = np.arange(96) % 3
    x = (random.normal(size=(96, 6, 6, 4)) + np.arange(3)[labels][:, None, None, None]).astype(np.float32)
    parts = [keras.layers.Conv2D(8, 3, name="conv"), keras.layers.Flatten(), keras.layers.Dense(3, name="head")]
    model = keras.Sequential([keras.Input((6, 6, 4)), *parts])
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), jit_compile=False)
    model.fit(x, labels, epochs=8, verbose=0)
    model.save(tmp_path / "tiny.keras")
    np.savez(tmp_path / "data.npz", x_train=x, y_train=labels)
    return str(tmp_path / "tiny.keras"), str(tmp_path / "data.npz")


@pytest.mark.keras
def test_the_command_foretells_a_build(tiny: tuple[str, str], tmp_path: Path) -> None:
    from tinyprune import pipeline

    model, data = tiny
    levels = ["--level", "0.5", "--level", "0.9"]
    plain = run(model, "--data", data, *levels, "--sparsity", "0.5", "--plot", str(tmp_path / "curves.png"))
    assert plain.exit_code == 0 and "tinyprune prune" in plain.stdout and "--scope per_layer" in plain.stdout
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")
    options = ["--max-cycles", "20000", "--board", "stm32f4", "--json"]
    told = json.loads(run(model, "--data", data, *levels, *options).stdout)["allocation"]
    assert told["cycles"] <= 20000
    layers = [f"--layer={name}={share}" for name, share in told["layers"].items()]
    small = str(tmp_path / "small.keras")
    command = [
        "prune",
        model,
        "--scope",
        "per_layer",
        "--schedule",
        "one_shot",
        "--sparsity",
        "0",
        *layers,
        "-o",
        small,
    ]
    assert CliRunner().invoke(app, command, catch_exceptions=False).exit_code == 0
    report = pipeline.build(small, "stm32f4", data=data, output=tmp_path / "build")
    assert report.cycles == pytest.approx(told["cycles"], rel=0.05)
    assert report.flash.total == pytest.approx(told["flash_bytes"], rel=0.05)


@pytest.mark.keras
def test_wrong_commands(tiny: tuple[str, str]) -> None:
    model, data = tiny
    for arguments, message in (
        (("model.tflite", "--data", data), "is not a Keras model"),
        ((model, "--data", data, "--max-flash", "64K"), "give --board"),
        (
            (model, "--data", data, "--granularity", "channel", "--max-flash", "64K", "--board", "stm32f4"),
            "'channel' has no costs layer by layer",
        ),
        ((model, "--data", data, "--board", "stm32f4"), "there is no budget"),
        ((model, "--data", data, "--plot", "curves.doc"), "curves.doc is no picture"),
        ((model, "--data", data, "--sparsity", "1.2"), "sparsity 1.2 is not in [0, 1)"),
        ((model, "--data", data, "--sparsity", "0.5", "--board", "stm32f5"), "unknown board 'stm32f5'"),
    ):
        result = run(*arguments)
        assert result.exit_code == 2 and message in result.stderr
