"""The interface: every row of EMULATORS is one, and says what is missing or cannot be."""

import re
import stat
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fake_firmware import fake_files, fake_outputs

from tinyprune import board, emulators, toolchain
from tinyprune.codegen.firmware import firmware_files
from tinyprune.emulators import EMULATORS, EmulationError, Emulator, qemu
from tinyprune.errors import TinypruneError, ToolMissingError
from tinyprune.toolchain import Elf

STM32F4 = board.load("stm32f4")
SAMPLE = np.array([[1, -2, 3, 4, -5, 6, 7, 8]], np.int8)


@pytest.fixture(scope="module")
def elf(tmp_path_factory: pytest.TempPathFactory) -> Elf:
    return toolchain.build(fake_files(STM32F4), STM32F4, toolchain.find(), tmp_path_factory.mktemp("firmware"))


@pytest.fixture
def without_programs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder that is all of PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def test_rows_bear_their_names() -> None:
    assert {row.name: row for row in EMULATORS.values()} == EMULATORS


def test_a_run(emulator: Emulator, elf: Elf) -> None:
    inputs = np.concatenate([SAMPLE, np.zeros_like(SAMPLE), SAMPLE])
    run = emulators.run(emulator.name, elf, STM32F4, inputs)
    assert (run.emulator, run.emulator_version, run.exit_code) == (emulator.name, emulator.version(), 0)
    assert re.fullmatch(r"\d+\.\d+.*", run.emulator_version) and run.counted_by
    assert run.outputs.tolist() == [fake_outputs(), [-7] * 20, fake_outputs()]
    assert run.layer_outputs["scale"][:2].tolist() == [[3, 10, 21, 12, 25, 42, 21, -40], [0] * 8]
    assert run.layer_outputs["spread"].tolist() == run.outputs.tolist()
    assert {block.layer for block in run.blocks} == {"", "scale", "spread"}
    assert 32 <= run.stack_bytes <= 512


def test_an_unknown_emulator(elf: Elf) -> None:
    with pytest.raises(TinypruneError, match="unknown emulator 'qemuu'") as caught:
        emulators.run("qemuu", elf, STM32F4, SAMPLE)
    assert "did you mean qemu?" in caught.value.remedy


def test_qemu_is_not_installed(without_programs: Path) -> None:
    with pytest.raises(ToolMissingError, match="qemu-system-arm is not installed") as caught:
        emulators.find("qemu")
    assert "apt install qemu-system-arm" in caught.value.remedy


def test_qemu_has_no_core_coupled_memory(tmp_path: Path) -> None:
    files = {
        name: str(content).replace("tp_arena[4096]", f"tp_arena[{STM32F4.sram.bytes - 512}]")
        for name, content in fake_files(STM32F4).items()
    }
    files |= firmware_files(STM32F4, arena_bytes=STM32F4.sram.bytes - 512)
    elf = toolchain.build(files, STM32F4, toolchain.find(), tmp_path)
    reason = qemu.refusal(elf, STM32F4)
    assert re.fullmatch(
        r"its \.stack is at 0x10000000 \(ccm of STM32F4.*\), where QEMU's netduinoplus2 has none", reason
    )
    assert EMULATORS["unicorn"].refusal(elf, STM32F4) == ""
    assert emulators.run("unicorn", elf, STM32F4, SAMPLE).outputs.tolist() == [fake_outputs()]


def test_qemu_has_no_such_machine(elf: Elf) -> None:
    assert "no machine for Another" in qemu.refusal(elf, replace(STM32F4, title="Another", family="another"))
    assert qemu.refusal(elf, STM32F4) == ""


def script(folder: Path, text: str) -> None:
    file = folder / "qemu-system-arm"
    file.write_text(f'#!/bin/sh\n[ "$1" = --version ] && echo "QEMU emulator version 9.9.9" && exit 0\n{text}\n')
    file.chmod(file.stat().st_mode | stat.S_IXUSR)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "echo plugin interface not enabled in this build >&2; exit 1",
            "does not take the plugin that counts: plugin interface not",
        ),
        ("echo unsupported machine type >&2; exit 1", "QEMU gave up: unsupported machine type"),
    ],
)
def test_a_qemu_that_does_not_start(
    text: str, message: str, elf: Elf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(qemu, "_plugin", lambda: Path("plugin.so"))  # there is no compiler on PATH
    monkeypatch.setenv("PATH", str(tmp_path))
    script(tmp_path, text)
    assert qemu.version() == "9.9.9"
    with pytest.raises(EmulationError, match=message):
        qemu.run(elf, STM32F4, SAMPLE)


def test_qemu_without_a_compiler(elf: Elf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(qemu.host_library, "candidates", lambda *_, **__: iter(()))
    with pytest.raises(ToolMissingError, match="block counter needs"):
        qemu.run(elf, STM32F4, SAMPLE)
