"""`tinyprune validate` finds nothing where all is well, and names the layer where it is not."""

import importlib.metadata
import importlib.util
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tflite_writer import Writer

import tinyprune
from tinyprune import ir
from tinyprune.errors import TinypruneError
from tinyprune.frontend import tflite_import
from tinyprune.reference import convolution
from tinyprune.report.report import ModelInfo
from tinyprune.source import samples
from tinyprune.validation import interpreters
from tinyprune.validation.interpreters import InterpreterFailure
from tinyprune.validation.terminal import print_validation
from tinyprune.validation.validation import ABSENT, COMPARED, FAILED, LEFT_OUT, Comparison, Validation, validate

ROOT = Path(__file__).parents[2]
DIGITS = ROOT / "tests" / "data" / "digits.tflite"
DATA = str(ROOT / "examples" / "digits" / "digits.npz")
INFO = ModelInfo("digits.tflite", "")
needs_tflm = pytest.mark.skipif(importlib.util.find_spec("tflite_micro") is None, reason="no tflite-micro")


def by_name(validation: Validation) -> dict[str, Comparison]:
    return {one.name: one for one in validation.comparisons}


def differing(comparison: Comparison) -> dict[str, int]:
    return {layer.name: layer.differing for layer in comparison.layers if layer.differing}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built") / "out"
    tinyprune.build(DIGITS, "stm32f4", format="dense", emulator="none", output=folder)
    return folder


def test_a_build_directory(built: Path, capsys: pytest.CaptureFixture[str]) -> None:
    validation = tinyprune.validate(built, data=DATA, inputs=20)
    assert validation.passed and validation.inputs == 20 and "x_test" in validation.inputs_from
    firmware = by_name(validation)["firmware"]
    assert firmware.status == COMPARED and not differing(firmware)
    assert [layer.name for layer in firmware.layers][-1] == "output"
    assert firmware.accuracy == validation.accuracy is not None
    assert validation.accuracy > 0.9
    print_validation(validation)
    assert "0 of" in capsys.readouterr().out


def test_a_damaged_firmware_is_found_in_its_layer(built: Path, tmp_path: Path) -> None:
    """One bias of one layer is another in the image than in the file."""
    (tmp_path / "out").mkdir()
    for file in built.iterdir():
        if file.is_file():
            (tmp_path / "out" / file.name).write_bytes(file.read_bytes())
    graph = tflite_import.load(DIGITS)
    convolutions = [layer for layer in graph.layers if isinstance(layer, ir.Conv2D)]
    source = graph.tensors[convolutions[1].input]
    bias = convolution.kernel_bias(convolutions[1], source).astype(np.int32).tobytes()
    image = (tmp_path / "out" / "firmware.elf").read_bytes()
    assert image.count(bias) == 1
    other = bias[:1] + bytes([bias[1] ^ 0x40]) + bias[2:]
    (tmp_path / "out" / "firmware.elf").write_bytes(image.replace(bias, other))
    validation = tinyprune.validate(tmp_path / "out")
    assert not validation.passed
    wrong = by_name(validation)["firmware"]
    assert next(iter(differing(wrong))) == convolutions[1].name
    assert max(layer.max_difference for layer in wrong.layers) > 0
    assert command(str(tmp_path / "out")).returncode == 1


@needs_tflm
def test_tflite_micro_is_compared_in_every_layer() -> None:
    tflm = by_name(tinyprune.validate(DIGITS))["tflite-micro"]
    graph = tflite_import.load(DIGITS)
    assert tflm.status == COMPARED and tflm.must_be_exact and not differing(tflm)
    sizes = [10 * graph.tensors[layer.output].bytes for layer in graph.layers]
    assert [layer.elements for layer in tflm.layers] == sizes


@needs_tflm
def test_int8_and_float_inputs_of_one_model(tmp_path: Path) -> None:
    """Each interpreter gets floats where the file takes floats."""
    writer = Writer()
    x, y = (writer.tensor(name, (1, 7), "FLOAT32") for name in "xy")
    a, b, c = (writer.tensor(f"{scale}", (1, 7), scale=scale, zero_point=9) for scale in (0.1, 0.3, 0.7))
    writer.operator("QUANTIZE", [x], [a])
    writer.operator("SUB", [a, b], [c])
    writer.operator("DEQUANTIZE", [c], [y])
    (tmp_path / "floats.tflite").write_bytes(writer.finish([b, x], [y, b]))
    tflm = by_name(tinyprune.validate(tmp_path / "floats.tflite"))["tflite-micro"]
    assert tflm.status == COMPARED and [layer.elements for layer in tflm.layers] == [70] and not differing(tflm)


@needs_tflm
def test_a_wrong_reference_is_found_in_its_layer() -> None:
    graph = tflite_import.load(DIGITS)
    (dense,) = (layer for layer in graph.layers if isinstance(layer, ir.Dense))
    shifted = replace(dense, bias=dense.bias + np.int32(2000))
    wrong = replace(graph, layers=tuple(shifted if layer is dense else layer for layer in graph.layers))
    validation = validate(wrong, DIGITS.read_bytes(), None, samples(graph, None, 5, 0), INFO)
    assert next(iter(differing(by_name(validation)["tflite-micro"]))) == dense.name
    assert not validation.passed


@needs_tflm
def test_an_interpreter_that_fails_is_no_pass() -> None:
    graph = tflite_import.load(DIGITS)
    broken = DIGITS.read_bytes()[:64]
    validation = validate(graph, broken, None, samples(graph, None, 1, 0), INFO)
    assert by_name(validation)["tflite-micro"].status == FAILED and not validation.passed


def test_a_crash_is_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "process.py").write_text("import os; os.abort()")
    monkeypatch.setattr(interpreters, "__file__", str(tmp_path / "interpreters.py"))
    with pytest.raises(InterpreterFailure, match="exit code -6"):
        interpreters.run("tflite-micro", b"", [np.zeros((1, 1), np.int8)], [0])


def test_what_is_not_installed_is_said_to_be_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", nothing)
    validation = tinyprune.validate(DIGITS)
    assert {one.status for one in validation.comparisons} == {ABSENT} and validation.passed


def test_weights_pruned_after_the_file_was_made(tmp_path: Path) -> None:
    tinyprune.build(DIGITS, "stm32f4", sparsity=0.5, emulator="none", output=tmp_path / "out")
    validation = tinyprune.validate(tmp_path / "out", inputs=2)
    status = {one.name: one.status for one in validation.comparisons}
    assert status["firmware"] == COMPARED and validation.passed
    assert set(status.values()) <= {COMPARED, LEFT_OUT, ABSENT}


def test_wrong_labels_lower_the_accuracy_of_all(tmp_path: Path) -> None:
    with np.load(DATA) as arrays:
        np.savez(tmp_path / "wrong.npz", x_test=arrays["x_test"], y_test=(arrays["y_test"] + 1) % 10)
    validation = tinyprune.validate(DIGITS, data=str(tmp_path / "wrong.npz"))
    assert validation.accuracy is not None and validation.accuracy < 0.2
    assert all(one.accuracy is not None and one.accuracy < 0.2 for one in validation.comparisons if one.layers)


def test_no_inputs_are_an_error() -> None:
    with pytest.raises(TinypruneError, match="0 inputs are too few"):
        tinyprune.validate(DIGITS, inputs=0)


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    full = [sys.executable, "-m", "tinyprune", "validate", *arguments]
    return subprocess.run(full, cwd=ROOT, capture_output=True, text=True, check=False)


def test_on_the_command_line() -> None:
    """A model file and a board: the firmware is built, run, and thrown away."""
    result = command(str(DIGITS), "--board", "stm32f4", "--inputs", "3", "--json")
    assert result.returncode == 0, result.stderr
    document: dict[str, Any] = json.loads(result.stdout)
    assert document["passed"] and document["inputs"] == 3 and document["accuracy"] is None
    assert [one["name"] for one in document["comparisons"]] == ["firmware", "tflite-micro", "ai-edge-litert"]
    missing = command("nothing.tflite")
    assert missing.returncode == 2 and missing.stderr.count("error: ") == 1
