"""Whole builds: repeatable, clean as C and C++, the same from a wheel, the same bits in every emulator."""

import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import tinyprune
from tinyprune.emulators import EMULATORS
from tinyprune.errors import ToolMissingError

ROOT = Path(__file__).parents[2]
DIGITS = ROOT / "tests" / "data" / "digits.tflite"
TOOLCHAINS = [
    pytest.param(
        "gcc",
        marks=pytest.mark.skipif(not shutil.which("arm-none-eabi-gcc"), reason="arm-none-eabi-gcc is not on PATH"),
    ),
    "zig",
]


@pytest.fixture(scope="module", params=TOOLCHAINS)
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp(request.param) / "out"
    tinyprune.build(DIGITS, "stm32f4", toolchain=request.param, sparsity=0.8, output=folder)
    return folder


def test_building_twice_gives_the_same_bytes(built: Path, tmp_path: Path) -> None:
    toolchain = json.loads((built / "report.json").read_text())["toolchain"]["name"]
    again = tmp_path / "another folder"
    tinyprune.build(DIGITS, "stm32f4", toolchain=toolchain, sparsity=0.8, output=again)
    names = sorted(file.relative_to(built) for file in built.rglob("*") if file.is_file())
    assert names == sorted(file.relative_to(again) for file in again.rglob("*") if file.is_file())
    differing = [str(name) for name in names if (built / name).read_bytes() != (again / name).read_bytes()]
    assert [name for name in differing if name != "firmware.map"] == []  # lld's map names its cache


def test_the_headers_are_clean_cpp(built: Path, tmp_path: Path) -> None:
    source = tmp_path / "user.cpp"
    source.write_text('#include "model.h"\n#include "tp_kernels.h"\nint main() { tp_invoke(); return tp_output[0]; }\n')
    warnings = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror"]
    places = [f"-I{built}", f"-I{built / 'kernels'}", "-c", str(source), "-o", str(tmp_path / "user.o")]
    command = [sys.executable, "-m", "ziglang", "c++", "-std=c++11", *warnings, *places]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def test_only_the_kernels_that_are_called_are_there(built: Path) -> None:
    sources = {file.stem for file in (built / "kernels").glob("*.c")}
    called = set(re.findall(r"\b(tp_\w+_s8)\(", (built / "model.c").read_text()))
    inlined = {file.stem for file in (built / "kernels").glob("*_s8.h")}
    shared = {file.stem for file in (built / "kernels").glob("*.h")}  # sources of a header come with it
    assert sources - shared == called - inlined and inlined <= called


def test_the_exported_symbols(built: Path) -> None:
    from tinyprune.toolchain import read_elf

    symbols = read_elf(built / "firmware.elf").symbols
    layers = json.loads((built / "report.json").read_text())["layers"]
    for name in ("tp_invoke", "tp_input", "tp_output", *(f"tp_layer_{layer['name']}" for layer in layers)):
        assert name in symbols
    assert (symbols["tp_input"].bytes, symbols["tp_output"].bytes) == (64, 10)


@pytest.mark.parametrize("emulator", EMULATORS)
def test_a_build_runs_in_every_emulator(built: Path, emulator: str) -> None:
    try:
        report, outputs = tinyprune.run(built, emulator=emulator)
    except ToolMissingError as error:
        pytest.skip(error.what)
    saved = json.loads((built / "report.json").read_text())
    assert report.bit_exact and {len(values) for values in outputs.values()} == {report.inputs_checked}
    assert report.emulator is not None and report.emulator.name == emulator
    assert (report.instructions, report.core_cycles) == (saved["instructions"], saved["core_cycles"])


@pytest.fixture(scope="module")
def unpacked_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def test_the_wheel_does_the_main_job_from_any_directory(unpacked_wheel: Path, tmp_path: Path) -> None:
    here = tmp_path / "some where"
    here.mkdir()
    code = f"import sys; sys.path.insert(0, {str(unpacked_wheel)!r}); from tinyprune.cli import main; main()"
    command = [sys.executable, "-I", "-c", code, "build", str(DIGITS), "--board", "stm32f4", "--json"]
    result = subprocess.run(command, cwd=here, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["bit_exact"] is True


def test_the_wheel_holds_the_example(unpacked_wheel: Path) -> None:
    example = unpacked_wheel / "tinyprune" / "_resources" / "examples" / "digits"
    assert {"digits.keras", "digits.npz", "tinyprune.toml"} <= {file.name for file in example.iterdir()}


@pytest.mark.keras
@pytest.mark.slow
def test_the_example_keeps_its_accuracy_at_80_percent(tmp_path: Path) -> None:
    from tinyprune import project

    job = project.job(None, None, None, None, print)
    document = tinyprune.compare(
        job.model, job.board, data=job.data, sparsity=job.sparsity, output=tmp_path / "example"
    )
    dense, auto = (variant["report"] for variant in document["variants"])
    assert dense["bit_exact"] and auto["bit_exact"]
    assert dense["accuracy"] == auto["accuracy"] >= document["unpruned_accuracy"] - 0.02
    assert auto["cycles"] <= dense["cycles"]
    weights = {layer["name"]: layer["weights_bytes"] for layer in auto["layers"]}
    assert max(weights.values()) < 0.6 * sum(weights.values())
