"""The same model on every board that ships: boots at its full clock, computes the same bits."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import tinyprune
from tinyprune import board as boards

DIGITS = Path(__file__).parents[1] / "data" / "digits.tflite"
TOOLCHAINS = [name for name in ("gcc", "zig") if name == "zig" or shutil.which("arm-none-eabi-gcc")]


@pytest.mark.parametrize("toolchain", TOOLCHAINS)
@pytest.mark.parametrize("name", boards.names())
def test_a_board_runs_the_model(name: str, toolchain: str, tmp_path: Path) -> None:
    report = tinyprune.build(DIGITS, name, toolchain=toolchain, output=tmp_path / "out")
    assert report.bit_exact is True
    assert report.cycle_model is not None
    if report.cycle_model.name:
        wait_states = boards.load(name).flash_timing.wait_states
        assert report.core_cycles is not None and report.flash_stalls is not None
        assert (report.flash_stalls > 0) == (wait_states > 0)
        assert report.cycles == report.core_cycles + report.flash_stalls
        for figure in ("instructions", "core_cycles", "flash_stalls", "cycles"):
            inside = sum(getattr(layer, figure) for layer in report.layers)
            assert 0 <= getattr(report, figure) - inside < 500  # tp_invoke itself
