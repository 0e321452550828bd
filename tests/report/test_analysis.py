"""`tinyprune analyze`: figures that a hand can check, whether they fit a board, and soon said."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import tinyprune
from tinyprune.errors import TinypruneError
from tinyprune.formats import FORMATS
from tinyprune.ir import Conv2D, Dense
from tinyprune.kernels import KERNELS, ON_REQUEST
from tinyprune.report.analysis import Analysis

NEVER_HERE = {"nm_1_4", "nm_2_4", "nm_4_8"} | ON_REQUEST  # its weights are not pruned N:M
ROOT = Path(__file__).parents[2]
DIGITS = ROOT / "tests" / "data" / "digits.tflite"
# MACs, weights and biases of the MLPerf Tiny models, after the lossless passes
MLPERF = {
    "kws": (2_656_768, 22_604),
    "ic": (12_501_632, 77_706),
    "vww": (3_727_313, 30_080),
    "ad": (264_192, 265_864),
}


@pytest.fixture(scope="module")
def digits() -> Analysis:
    return tinyprune.analyze(DIGITS, "stm32f4")


def test_layers_as_a_hand_counts_them(digits: Analysis) -> None:
    for layer in digits.layers:
        if layer.op == "Conv2D":
            _, height, width, channels = layer.output_shape
            weights = layer.parameters - channels
            assert layer.macs == height * width * weights
            filled = weights + channels * (weights // channels % 2)  # a byte each, and a zero for an odd number of them
            assert layer.format_bytes["dense"] == filled
            assert layer.channel_bytes == 9 * channels  # a bias, a multiplier and a shift each
        assert (layer.format is None) == (layer.parameters == 0) == (not layer.format_bytes)
    (conv,) = (layer for layer in digits.layers[:1])
    assert conv.input_shapes == ((1, 8, 8, 1),)
    assert conv.sparsity == round(1 - conv.nonzeros / (conv.parameters - conv.output_shape[3]), 6)


def test_each_format_that_a_layer_can_run_in_has_its_bytes(digits: Analysis) -> None:
    candidates = {layer.op: set(layer.format_bytes) for layer in digits.layers}
    assert candidates["Conv2D"] == {name for kind, name in KERNELS if kind is Conv2D} - NEVER_HERE > {"dense", "csr"}
    assert candidates["Dense"] == {name for kind, name in KERNELS if kind is Dense} - NEVER_HERE <= FORMATS.keys()
    assert candidates["DepthwiseConv2D"] == {"dense"} and candidates["Softmax"] == set()
    for layer in digits.layers:
        if layer.format:
            assert layer.format_bytes[layer.format] == min(layer.format_bytes.values())


def test_totals_are_sums(digits: Analysis) -> None:
    totals = digits.totals
    for figure in ("macs", "parameters", "nonzeros"):
        assert getattr(totals, figure) == sum(getattr(layer, figure) for layer in digits.layers)
    assert totals.constants_bytes - totals.weights_bytes == sum(layer.channel_bytes for layer in digits.layers)
    assert totals.activation_bytes <= max(layer.alive_bytes for layer in digits.layers) <= totals.arena_bytes


def board_with(folder: Path, flash_bytes: int, sram_bytes: int) -> str:
    text = (ROOT / "boards" / "stm32f4.toml").read_text()
    file = folder / "small.toml"
    file.write_text(text.replace("bytes = 0x10_0000", f"bytes = {flash_bytes}").replace("0x2_0000", str(sram_bytes)))
    return str(file)


@pytest.mark.parametrize("fits", [True, False])
def test_whether_it_fits_a_board(digits: Analysis, fits: bool, tmp_path: Path) -> None:
    totals = digits.totals
    board = board_with(tmp_path, totals.constants_bytes - (not fits), totals.activation_bytes - (not fits))
    fit = tinyprune.analyze(DIGITS, board).fit
    assert fit is not None and fit.constants_fit == fit.arena_fits == fits
    assert tinyprune.analyze(DIGITS).fit is None


def test_an_unknown_board_is_an_error() -> None:
    with pytest.raises(TinypruneError, match=r"did you mean .*stm32f4"):
        tinyprune.analyze(DIGITS, "stm32f5")


def test_the_report_of_a_build_says_the_same(digits: Analysis, tmp_path: Path) -> None:
    """Of all that does not hang on the formats: a compiler knows what code they take, too."""
    report = tinyprune.build(DIGITS, "stm32f4", emulator="none", output=tmp_path / "out")
    assert [layer.macs for layer in report.layers] == [layer.macs for layer in digits.layers]
    assert [layer.name for layer in report.layers] == [layer.name for layer in digits.layers]
    assert report.sram.arena == digits.totals.activation_bytes


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tinyprune", "analyze", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_on_the_command_line(digits: Analysis) -> None:
    shown = analyze(str(DIGITS), "--board", "stm32f4")
    assert shown.returncode == 0, shown.stderr
    for part in (
        "conv2d_0",
        f"{digits.totals.macs:,} MACs",
        f"{digits.totals.arena_bytes:,} bytes of arena",
        "can fit",
    ):
        assert part in shown.stdout
    document = json.loads(analyze(str(DIGITS), "--board", "stm32f4", "--json").stdout)
    assert document["totals"]["macs"] == digits.totals.macs
    assert document["fit"]["arena_fits"] is True


@pytest.mark.parametrize("name", MLPERF)
def test_mlperf_models(name: str) -> None:
    folder = os.environ.get("TINYPRUNE_MODELS")
    if folder is None:
        pytest.skip("TINYPRUNE_MODELS names no folder with mlperf_tiny/*.tflite")
    result = analyze(str(Path(folder) / "mlperf_tiny" / f"{name}.tflite"), "--json")
    totals = json.loads(result.stdout)["totals"]
    assert (totals["macs"], totals["parameters"]) == MLPERF[name]
