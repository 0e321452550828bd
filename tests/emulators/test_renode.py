"""Finding Renode, its suite run by `renode-test`, and a Renode that fails: its exit code never tells."""

import stat
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fake_firmware import fake_files

from tinyprune import board, build, emulators, toolchain
from tinyprune.emulators import EmulationError, renode
from tinyprune.errors import ToolMissingError
from tinyprune.toolchain import Elf

DIGITS = Path(__file__).parents[1] / "data" / "digits.tflite"
STM32F4 = board.load("stm32f4")
SAMPLE = np.array([[1, -2, 3, 4, -5, 6, 7, 8]], np.int8)
VERSION = "echo 'Renode v9.8.7.1234'; echo '  build: 1234'"


@pytest.fixture
def without_renode(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder that is all of PATH, on a machine without Renode."""
    monkeypatch.delenv(renode.VARIABLE, raising=False)
    monkeypatch.setenv("PATH", f"{tmp_path}")
    monkeypatch.setattr(renode, "INSTALLED", tmp_path / "opt" / "renode")
    return tmp_path


def script(file: Path, text: str = "", says: str = VERSION) -> Path:
    file.parent.mkdir(exist_ok=True)
    file.write_text(f'#!/bin/sh\nif [ "$1" = --version ]; then {says}; exit; fi\n{text}\n')
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    return file


def test_not_installed(without_renode: Path) -> None:
    with pytest.raises(ToolMissingError, match="Renode is not installed") as caught:
        emulators.find("renode")
    assert "renode.io" in caught.value.remedy and "TINYPRUNE_RENODE" in caught.value.remedy


def test_the_variable_comes_before_path_and_that_before_opt(
    without_renode: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    last = script(without_renode / "opt" / "renode")
    assert renode.program() == last
    second = script(without_renode / "renode")
    assert renode.program() == second
    first = script(without_renode / "mine")
    monkeypatch.setenv("TINYPRUNE_RENODE", str(first))
    assert renode.program() == first
    assert renode.version() == "9.8.7.1234"


def test_a_variable_that_names_no_program(without_renode: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script(without_renode / "renode")
    monkeypatch.setenv("TINYPRUNE_RENODE", "/nowhere/renode")
    with pytest.raises(ToolMissingError, match="TINYPRUNE_RENODE is /nowhere/renode, which is no program"):
        renode.version()


def test_a_program_that_is_not_renode(without_renode: Path) -> None:
    script(without_renode / "renode", says="echo hello")
    with pytest.raises(ToolMissingError, match="does not tell its version"):
        emulators.find("renode")


@pytest.fixture(scope="module")
def elf(tmp_path_factory: pytest.TempPathFactory) -> Elf:
    return toolchain.build(fake_files(STM32F4), STM32F4, toolchain.find(), tmp_path_factory.mktemp("firmware"))


def test_a_core_that_it_lacks(elf: Elf) -> None:
    assert "no cortex-a9; it has cortex-m0, " in renode.refusal(elf, replace(STM32F4, core="cortex-a9"))
    assert renode.refusal(elf, STM32F4) == ""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("exit 0", "Renode ended at 'include @session.cs'"),
        (
            "while read said; do case $said in echo*) eval $said;; mach*) echo There was an error;; esac; done",
            "Renode refuses 'mach create': There was an error",
        ),
    ],
)
def test_a_renode_that_fails(
    text: str, message: str, elf: Elf, without_renode: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TINYPRUNE_RENODE", str(script(without_renode / "renode", text)))
    with pytest.raises(EmulationError, match=message):
        renode.run(elf, STM32F4, SAMPLE)


@pytest.mark.slow
def test_the_suite_passes_and_can_fail(tmp_path: Path) -> None:
    try:
        renode.version()
    except ToolMissingError as error:
        pytest.skip(error.what)
    runner = renode.program().with_name("renode-test")
    if not runner.is_file():
        pytest.skip(f"no renode-test beside {renode.program()}")
    folder = tmp_path / "a firmware"
    build(DIGITS, "stm32f4", emulator="none", output=folder)
    suite = folder / "firmware.robot"
    assert "Tests finished successfully" in suite_output(runner, suite)
    right = suite.read_text()
    start = right.index("crc32 ") + len("crc32 ")
    suite.write_text(right[:start] + f"{int(right[start : start + 8], 16) ^ 1:08x}" + right[start + 8 :])
    assert "firmware.Firmware Gives The Reference Output" in suite_output(runner, suite).partition("Failed robot")[2]


def suite_output(runner: Path, suite: Path) -> str:
    result = subprocess.run([str(runner), str(suite)], cwd=suite.parent, capture_output=True, text=True, check=False)
    return result.stdout
