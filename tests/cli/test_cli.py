"""The command line as a user types it, in a process of its own."""

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

DATA = Path(__file__).parents[1] / "data"
DIGITS = str(DATA / "digits.tflite")


def tinyprune(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    import os

    command = [sys.executable, "-m", "tinyprune", *arguments]
    return subprocess.run(
        command, cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built") / "a folder with spaces"
    folder.mkdir()
    result = tinyprune(folder, "build", DIGITS, "--board", "stm32f4", "--sparsity", "0.8", "-o", "out")
    assert result.returncode == 0, result.stderr
    return folder / "out"


def test_build_says_what_it_made(built: Path) -> None:
    assert {"firmware.elf", "firmware.bin", "firmware.hex", "firmware.map", "model.c", "report.json"} <= {
        file.name for file in built.iterdir()
    }
    report = json.loads((built / "report.json").read_text())
    assert report["bit_exact"] is True and report["inputs_checked"] == 3
    assert report["flash"]["total"] == (built / "firmware.bin").stat().st_size
    assert report["flash"]["total"] == sum(report["flash"][part] for part in ("code", "weights", "other"))
    sram = ("arena", "scratch", "stack", "state", "other")
    assert report["sram"]["total"] == sum(report["sram"][part] for part in sram)
    inside_layers = sum(layer["instructions"] for layer in report["layers"])
    assert 0 < report["instructions"] - inside_layers < 100  # tp_invoke itself
    assert sum(layer["weights_bytes"] for layer in report["layers"]) <= report["flash"]["weights"]


def test_one_shot_pruning_of_int8_says_that_accuracy_was_not_looked_after(tmp_path: Path) -> None:
    result = tinyprune(
        tmp_path, "build", DIGITS, "--board", "stm32f4", "--sparsity", "0.5", "--emulator", "none", "--json"
    )
    assert "accuracy was not looked after" in " ".join(result.stderr.split())
    report = json.loads(result.stdout)
    for layer in report["layers"]:
        if layer["op"] in ("Conv2D", "Dense"):
            assert layer["sparsity"] >= 0.5
        elif layer["op"] == "DepthwiseConv2D":
            assert layer["sparsity"] < 0.1
    assert report["bit_exact"] is None and report["instructions"] is None and report["sram"]["stack"] is None


def test_json_is_one_document_and_equals_the_file(tmp_path: Path) -> None:
    result = tinyprune(tmp_path, "build", DIGITS, "--board", "stm32f4", "--json")
    written = (tmp_path / "build" / "digits-stm32f4" / "report.json").read_text()
    assert result.stdout == written
    again = tinyprune(tmp_path, "run", "build/digits-stm32f4", "--json")
    assert again.stdout == written


def test_formats(tmp_path: Path) -> None:
    for name in ("dense", "csr"):
        result = tinyprune(tmp_path, "build", DIGITS, "--board", "stm32f4", "--format", name, "--json")
        formats = {layer["op"]: layer["format"] for layer in json.loads(result.stdout)["layers"]}
        assert formats["Conv2D"] == formats["Dense"] == name
        assert formats["DepthwiseConv2D"] == "dense" and formats["Softmax"] is None


def test_run_takes_and_gives_arrays(built: Path, tmp_path: Path) -> None:
    from tinyprune import reference
    from tinyprune.source import import_pruned

    inputs = np.random.default_rng(1).integers(-128, 128, (5, 8, 8, 1), np.int8)
    np.save(tmp_path / "x.npy", inputs)
    result = tinyprune(tmp_path, "run", str(built), "--input", "x.npy", "--output", "y.npy", "--json")
    assert result.returncode == 0, result.stderr
    graph = import_pruned(Path(DIGITS).read_bytes(), "digits", 0.8, "element", "one-shot-int8")
    np.testing.assert_array_equal(np.load(tmp_path / "y.npy"), reference.output(graph, inputs))
    assert json.loads(result.stdout)["inputs_checked"] == 6  # the compiled-in one is always among them


@pytest.mark.parametrize("array", [np.zeros((2, 8, 8, 1), np.float32), np.zeros((2, 7), np.int8)])
def test_run_refuses_arrays_that_do_not_fit(built: Path, tmp_path: Path, array: np.ndarray) -> None:
    np.save(tmp_path / "x.npy", array)
    result = tinyprune(tmp_path, "run", str(built), "--input", "x.npy")
    assert_one_clear_error(result, "int8 of shape [n, 8, 8, 1]")


def test_compare_writes_both_variants(tmp_path: Path) -> None:
    options = ["--board", "stm32f4", "--sparsity", "0.8", "--objective", "flash", "-o", "both", "--json"]
    result = tinyprune(tmp_path, "compare", DIGITS, *options)
    document = json.loads(result.stdout)
    assert document == json.loads((tmp_path / "both" / "comparison.json").read_text())
    assert [variant["name"] for variant in document["variants"]] == ["dense", "auto"]
    assert all(variant["report"]["bit_exact"] for variant in document["variants"])
    assert document["ratios"]["auto"]["flash"] < 0.9
    assert (tmp_path / "both" / "auto" / "firmware.elf").is_file()


def test_boards_answers_fast(tmp_path: Path) -> None:
    times: list[float] = []
    for _ in range(3):
        start = time.perf_counter()
        result = tinyprune(tmp_path, "boards")
        times.append(time.perf_counter() - start)
        assert "stm32f4" in result.stdout
    loaded = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "tinyprune", "boards"], capture_output=True, text=True, check=True
    ).stderr
    for heavy in ("numpy", "unicorn", "capstone", "jinja2", "tensorflow"):
        assert f" {heavy}\n" not in loaded
    print(f"tinyprune boards: {min(times):.2f} s")


def test_no_tensorflow_for_a_tflite_file(tmp_path: Path) -> None:
    code = (
        "import sys, tinyprune; "
        f"tinyprune.build({DIGITS!r}, 'stm32f4', output='out'); "
        "sys.exit(any(name.split('.')[0] in ('tensorflow', 'keras') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=False).returncode == 0


def assert_one_clear_error(result: subprocess.CompletedProcess[str], *parts: str) -> None:
    assert result.returncode == 2, result.stderr
    assert result.stderr.count("error: ") == 1 and "Traceback" not in result.stderr
    assert result.stdout == ""
    for part in parts:
        assert part in " ".join(result.stderr.split()), result.stderr


BUILD_ERRORS = {
    "truncated": (["{tmp}/truncated.tflite"], ["truncated.tflite", "truncated or damaged"]),
    "not a tflite": (["{tmp}/other.tflite"], ["not a .tflite file"]),
    "float": (["{data}/float.tflite"], ["FLOAT32", "int8 models are supported"]),
    "unsupported operator": (["{data}/cumsum.tflite"], ["CUMSUM", "layer 2", "supported: ADD"]),
    "activations too large": (["{data}/big_arena.tflite"], ["131,072 bytes of SRAM", "too few"]),
    "unknown board": (["{data}/digits.tflite", "--board", "stm32f5"], ["stm32f5", "did you mean stm32f"]),
    "unknown format": (["{data}/digits.tflite", "--format", "crs"], ["crs", "did you mean csr"]),
    "unknown emulator": (["{data}/digits.tflite", "--emulator", "qemuu"], ["qemuu"]),
    "emulator without the board": (
        ["{data}/digits.tflite", "--board", "mps3-an547", "--emulator", "unicorn"],
        ["unicorn cannot run firmware for mps3-an547", "take --emulator qemu"],
    ),
    "unknown toolchain": (["{data}/digits.tflite", "--toolchain", "icc"], ["icc", "gcc, zig"]),
    "unknown objective": (["{data}/digits.tflite", "--objective", "speed"], ["speed", "cycles, flash, sram"]),
    "unknown granularity": (["{data}/digits.tflite", "--granularity", "block_4x4"], ["block:4x4", "block:4x1"]),
    "no pattern of a granularity": (
        ["{data}/digits.tflite", "--granularity", "n_m:3:0", "--sparsity", "0.5"],
        ["unknown granularity 'n_m:3:0'", "n_m:2:4"],
    ),
    "unknown granularity where nothing is pruned": (
        ["{example}/digits.keras", "--data", "{example}/digits.npz", "--granularity", "elements"],
        ["'elements'", "element"],
    ),
    "a budget that is no number": (
        ["{data}/digits.tflite", "--max-flash", "64KB"],
        ["'64KB' is not a number"],
    ),
    "budget too small": (
        ["{data}/digits.tflite", "--max-flash", "10K"],
        ["bytes of flash are needed", "10,240"],
    ),
    "bad sparsity": (["{data}/digits.tflite", "--sparsity", "1.5"], ["1.5", "[0, 1)"]),
    "no such model": (["nothing.tflite"], ["no model file nothing.tflite"]),
    "another kind of file": (["{data}/make.py"], [".keras, .h5, .tflite"]),
    "no data to calibrate with": (["{example}/digits.keras"], ["calibrate", "--data"]),
    "no such data": (["{example}/digits.keras", "--data", "no.npz"], ["no.npz"]),
    "foreign directory": (["{data}/digits.tflite", "-o", "{tmp}/foreign"], ["not a tinyprune build directory"]),
}


@pytest.mark.parametrize("case", BUILD_ERRORS)
def test_build_errors_are_clear_and_leave_nothing(case: str, tmp_path: Path) -> None:
    (tmp_path / "truncated.tflite").write_bytes(Path(DIGITS).read_bytes()[:20_000])
    (tmp_path / "other.tflite").write_bytes(b"no model at all")
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "precious.txt").write_text("mine")
    before = sorted(tmp_path.rglob("*"))
    arguments, parts = BUILD_ERRORS[case]
    places = {"tmp": tmp_path, "data": DATA, "example": DATA.parents[1] / "examples" / "digits"}
    command = ["build", *(argument.format(**places) for argument in arguments)]
    if "--board" not in command:
        command += ["--board", "stm32f4"]
    assert_one_clear_error(tinyprune(tmp_path, *command), *parts)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.keras
def test_lambda_layers_are_refused(tmp_path: Path) -> None:
    data = str(DATA.parents[1] / "examples" / "digits" / "digits.npz")
    result = tinyprune(tmp_path, "build", str(DATA / "lambda.keras"), "--board", "stm32f4", "--data", data)
    assert_one_clear_error(result, "Lambda")
    assert list(tmp_path.iterdir()) == []


def test_no_compiler_is_one_clear_error(tmp_path: Path) -> None:
    """Python sees neither ziglang nor a PATH."""
    code = "import sys; sys.modules['ziglang'] = None; from tinyprune.cli import main; main()"
    hidden = tmp_path / "empty"
    hidden.mkdir()
    command = [sys.executable, "-c", code, "build", DIGITS, "--board", "stm32f4"]
    result = subprocess.run(
        command, cwd=tmp_path, env={"PATH": str(hidden)}, capture_output=True, text=True, check=False
    )
    assert_one_clear_error(result, "no C compiler", "pip install tinyprune[zig]")
    assert sorted(tmp_path.iterdir()) == [hidden]


def test_an_existing_build_is_replaced(tmp_path: Path) -> None:
    for _ in range(2):
        result = tinyprune(tmp_path, "build", DIGITS, "--board", "stm32f4", "--emulator", "none")
        assert result.returncode == 0, result.stderr
    assert [folder.name for folder in (tmp_path / "build").iterdir()] == ["digits-stm32f4"]


def test_project_file(tmp_path: Path) -> None:
    shutil.copy(DIGITS, tmp_path / "mine.tflite")
    (tmp_path / "tinyprune.toml").write_text('model = "mine.tflite"\nboard = "stm32f4"\nsparsity = 0.5\n')
    result = tinyprune(tmp_path, "build", "--emulator", "none", "--json")
    assert json.loads(result.stdout)["options"]["sparsity"] == 0.5
    (tmp_path / "tinyprune.toml").write_text('modell = "mine.tflite"\n')
    assert_one_clear_error(tinyprune(tmp_path, "build"), "modell", "did you mean model")


def test_flash_dry_run_shows_the_command(built: Path, tmp_path: Path) -> None:
    tool = tmp_path / "st-flash"
    tool.write_text("#!/bin/sh\nexit 0\n")
    tool.chmod(0o755)
    result = tinyprune(
        tmp_path, "flash", str(built), "--with", "st-flash", "--dry-run", PATH=f"{tmp_path}:/usr/bin:/bin"
    )
    assert result.returncode == 0, result.stderr
    assert (
        "st-flash --reset write" in result.stdout and "firmware.bin" in result.stdout and "0x08000000" in result.stdout
    )


def board_with(tmp_path: Path, flash_bytes: int, sram_bytes: int) -> str:
    text = (DATA.parents[1] / "boards" / "stm32f4.toml").read_text()
    file = tmp_path / "small.toml"
    file.write_text(text.replace("bytes = 0x10_0000", f"bytes = {flash_bytes}").replace("0x2_0000", str(sram_bytes)))
    return str(file)


@pytest.mark.parametrize("toolchain", ["gcc", "zig"])
def test_a_model_too_large_for_the_flash(toolchain: str, tmp_path: Path) -> None:
    if toolchain == "gcc" and not shutil.which("arm-none-eabi-gcc"):
        pytest.skip("arm-none-eabi-gcc is not on PATH")
    board = board_with(tmp_path, 20_480, 0x2_0000)
    result = tinyprune(tmp_path, "build", DIGITS, "--board", board, "--toolchain", toolchain)
    assert_one_clear_error(result, "flash", "20,480", "help:")
    assert [file.name for file in tmp_path.iterdir()] == ["small.toml"]


def test_a_board_file_of_the_user(tmp_path: Path) -> None:
    board = board_with(tmp_path, 65_536, 16_384)
    assert tinyprune(tmp_path, "build", DIGITS, "--board", board, "-o", "out").returncode == 0
    assert tinyprune(tmp_path, "run", "out").returncode == 0


def test_an_operator_after_another_unsupported_one_is_named_too(tmp_path: Path) -> None:
    result = tinyprune(tmp_path, "build", str(DATA / "cumsum.tflite"), "--board", "stm32f4")
    assert_one_clear_error(result, "DEQUANTIZE (layer 1", "CUMSUM (layer 2")


def test_version(tmp_path: Path) -> None:
    from tinyprune import __version__

    assert tinyprune(tmp_path, "--version").stdout.strip() == f"tinyprune {__version__}"


def test_the_option_names_the_renode_to_take(built: Path) -> None:
    result = tinyprune(built, "--renode", "/nowhere/renode", "run", str(built), "--emulator", "renode")
    assert result.returncode == 2
    assert "/nowhere/renode, which is no program" in " ".join(result.stderr.split())
