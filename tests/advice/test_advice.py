"""`advise`: a row for each layer and option, reasons where nothing is gained, and the figures of a build."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from tinyprune import formats, ir, pipeline
from tinyprune.advice import TYPICAL, Advice, LayerAdvice, Option, advise
from tinyprune.cli import app
from tinyprune.errors import TinypruneError
from tinyprune.frontend import tflite_import
from tinyprune.passes.prune_channels import prune_channels
from tinyprune.passes.simplify import simplify

DIGITS = Path(__file__).parents[1] / "data" / "digits.tflite"
OPTIONS = (("element", 0.3), ("element", 0.9), ("channel", 0.5))


@pytest.fixture(scope="module")
def advice() -> Advice:
    return advise(DIGITS, "stm32f4", options=OPTIONS)


def by_name(option: Option) -> dict[str, LayerAdvice]:
    return {layer.name: layer for layer in option.layers}


def test_every_option_has_every_layer(advice: Advice) -> None:
    names = [layer.name for layer in advice.unpruned.layers]
    assert [(option.granularity, option.sparsity) for option in advice.options] == list(OPTIONS)
    assert all([layer.name for layer in option.layers] == names for option in advice.options)
    assert not any(layer.reason for layer in advice.unpruned.layers)


def test_a_reason_where_it_would_not_pay_and_none_where_it_does(advice: Advice) -> None:
    little, much, fewer = advice.options
    assert much.total.amount < 0.7 * little.total.amount
    assert fewer.total.flash_bytes < 0.7 * advice.unpruned.total.flash_bytes
    refused = [layer.reason for layer in little.layers if layer.reason]
    assert any("the best sparse kernel takes" in reason and "cycles" in reason for reason in refused)
    depthwise = next(layer for layer in much.layers if layer.operator == "DepthwiseConv2D")
    assert depthwise.reason == "DepthwiseConv2D kernels stay whole"
    before = by_name(advice.unpruned)
    for layer in much.layers:
        assert bool(layer.reason) == (layer.figures.amount >= 0.97 * before[layer.name].figures.amount)


def test_the_totals_are_what_a_build_takes(advice: Advice, tmp_path: Path) -> None:
    report = pipeline.build(DIGITS, "stm32f4", sparsity=0.9, output=tmp_path / "build")
    foretold = advice.options[1].total
    assert report.cycles == pytest.approx(foretold.cycles, rel=0.02)
    assert report.flash.total == pytest.approx(foretold.flash_bytes, rel=0.02)


def test_silenced_channels_go_in_all_branches() -> None:
    graph = tflite_import.load(DIGITS)
    small = {layer.name: layer for layer in simplify(prune_channels(graph, 0.5)).layers}
    for layer in graph.layers:
        if isinstance(layer, (ir.Conv2D, ir.DepthwiseConv2D, ir.Dense)):
            last = layer is [one for one in graph.layers if isinstance(one, ir.Dense)][-1]
            channels = graph.tensors[layer.output].shape[-1]
            assert len(small[layer.name].bias) == (channels if last else channels - channels // 2)


def test_sparsity_zero_silences_nothing() -> None:
    graph = tflite_import.load(DIGITS)
    for before, after in zip(graph.layers, prune_channels(graph, 0.0).layers, strict=True):
        if isinstance(before, ir.Conv2D):
            assert np.array_equal(formats.unpack(before.weights), formats.unpack(after.weights))


def test_the_command(tmp_path: Path) -> None:
    command = ["advise", str(DIGITS), "--board", "stm32f4", "--option", "element=0.9", "--option", "2:4=0.5"]
    shown = CliRunner().invoke(app, command, catch_exceptions=False)
    assert shown.exit_code == 0 and "kernels stay whole" in shown.stdout
    assert "element 90%" in shown.stdout and "n_m:2:4 50%" in shown.stdout
    document = json.loads(CliRunner().invoke(app, [*command, "--json"]).stdout)
    assert document["options"][0]["total"]["cycles"] < document["unpruned"]["total"]["cycles"]


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("element", "is not GRANULARITY=SPARSITY"),
        ("element=1", r"sparsity 1.0 is not in"),
        ("best=0.5", "unknown granularity 'best'"),
        ("channel=-1", r"sparsity -1.0 is not in"),
        ("2:4=0.8", "granularity n_m:2:4 is a sparsity of 0.5"),
    ],
)
def test_wrong_options(option: str, message: str) -> None:
    result = CliRunner().invoke(app, ["advise", str(DIGITS), "--board", "stm32f4", "--option", option])
    assert result.exit_code == 2
    assert message in result.stderr


def test_a_core_whose_cycles_are_not_claimed_is_judged_by_instructions() -> None:
    told = advise(DIGITS, "stm32f7", options=[("element", 0.9)])
    assert told.unpruned.total.unit == "instructions" and told.unpruned.total.cycles is None
    assert told.options[0].total.amount < told.unpruned.total.amount


@pytest.mark.keras
def test_a_keras_model_without_data(tmp_path: Path) -> None:
    import keras

    layers = [keras.layers.Conv2D(8, 3, name="conv"), keras.layers.Flatten(), keras.layers.Dense(3, name="head")]
    keras.Sequential([keras.Input((6, 6, 4)), *layers]).save(tmp_path / "tiny.keras")
    told = advise(tmp_path / "tiny.keras", "stm32f4")
    assert [(option.granularity, option.sparsity) for option in told.options] == list(TYPICAL)
    halved = next(option for option in told.options if option.granularity == "channel")
    assert halved.total.flash_bytes < told.unpruned.total.flash_bytes
    keras.Sequential([keras.Input((None, None, 4)), layers[0]]).save(tmp_path / "open.keras")
    with pytest.raises(TinypruneError, match="samples of any size"):
        advise(tmp_path / "open.keras", "stm32f4")
    inputs = [keras.Input((4,)), keras.Input((4,))]
    keras.Model(inputs, keras.layers.Add()(inputs)).save(tmp_path / "two.keras")
    with pytest.raises(TinypruneError, match="has 2 inputs"):
        advise(tmp_path / "two.keras", "stm32f4")
