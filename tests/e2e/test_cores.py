"""The same model on every core: a board that has nothing but another core than the one that it was copied from."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import pytest

import tinyprune
from tinyprune.board import CORES
from tinyprune.cycles import CYCLE_MODELS, NOT_CLAIMED
from tinyprune.emulators.machine import CORES as EMULATED
from tinyprune.report.report import Report
from tinyprune.report.terminal import print_report

ROOT = Path(__file__).parents[2]
DIGITS = ROOT / "tests" / "data" / "digits.tflite"
TOOLCHAINS = [
    pytest.param("gcc", marks=pytest.mark.skipif(not shutil.which("arm-none-eabi-gcc"), reason="no arm-none-eabi-gcc")),
    pytest.param("zig", marks=pytest.mark.skipif(not importlib.util.find_spec("ziglang"), reason="no ziglang")),
]
TOOLCHAIN = "gcc" if shutil.which("arm-none-eabi-gcc") else "zig"


def built(folder: Path, core: str, toolchain: str) -> Report:
    board = folder / "bare.toml"
    text = (ROOT / "boards" / "stm32f4.toml").read_text(encoding="utf-8")
    board.write_text(text.replace('core = "cortex-m4f"', f'core = "{core}"'), encoding="utf-8")
    emulator = "unicorn" if core in EMULATED else "none"
    return tinyprune.build(DIGITS, str(board), toolchain=toolchain, emulator=emulator, output=folder / "out")


@pytest.mark.slow
@pytest.mark.parametrize("toolchain", TOOLCHAINS)
@pytest.mark.parametrize("core", CORES)
def test_a_firmware_for_the_core(core: str, toolchain: str, tmp_path: Path) -> None:
    """Compiled, run to its end, the same bits, and cycles or the reason why there are none."""
    report = built(tmp_path, core, toolchain)
    assert report.toolchain.name == toolchain and report.flash.code > 0
    if core not in EMULATED:
        assert (report.bit_exact, report.cycle_model, report.cycles) == (None, None, None)
        return
    assert report.bit_exact is True and report.cycle_model is not None
    assert report.instructions is not None and report.instructions > 0
    if core in NOT_CLAIMED:
        assert (report.core_cycles, report.flash_stalls, report.cycles) == (None, None, None)
        assert (report.cycle_model.name, report.cycle_model.claim) == (None, NOT_CLAIMED[core])
    else:
        assert report.core_cycles is not None and report.flash_stalls is not None
        assert report.core_cycles > report.instructions
        assert report.cycles == report.core_cycles + report.flash_stalls
        assert report.cycle_model.claim.startswith(CYCLE_MODELS[core].claim)


def test_the_terminal_says_why_there_are_no_cycles(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    print_report(built(tmp_path, "cortex-m7", TOOLCHAIN), tmp_path, verbose=True)
    shown = " ".join(capsys.readouterr().out.split())
    assert "time - cycles: core -, flash stalls -" in shown
    assert f"cycles: {NOT_CLAIMED['cortex-m7']}" in shown


def test_the_emulated_cores() -> None:
    assert set(CORES) - set(EMULATED) == {"cortex-m55"}
