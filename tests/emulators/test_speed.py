"""How long counting and pricing take, in time of the processor: the wall's depends on who else is at work here."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from unicorn import arm_const

from tinyprune import board, build
from tinyprune.cycles import CYCLE_MODELS, price
from tinyprune.emulators import native
from tinyprune.emulators.counting import blocks
from tinyprune.emulators.machine import Machine
from tinyprune.emulators.native import NativeCounter
from tinyprune.toolchain import read_elf


@pytest.mark.slow
@pytest.mark.parametrize(("model", "limit_s"), [("ic", 5.0), ("ad", 0.5)])
def test_a_whole_inference_with_its_flash_stalls(model: str, limit_s: float, tmp_path: Path) -> None:
    folder = os.environ.get("TINYPRUNE_MODELS")
    if folder is None:
        pytest.skip("TINYPRUNE_MODELS names no folder with mlperf_tiny/*.tflite")
    if (library := native.load()) is None:
        pytest.skip("no compiler for this machine")
    file = Path(folder) / "mlperf_tiny" / f"{model}.tflite"
    nucleo = board.load("nucleo-l4r5zi")
    build(file, nucleo.name, emulator="none", output=tmp_path / "out")
    before = time.process_time()
    elf = read_elf(tmp_path / "out" / "firmware.elf")
    machine = Machine(elf, nucleo)
    machine.go(elf.symbols["tp_invoke"].address)
    counter = NativeCounter(machine, library)
    counter.attach()
    machine.go(machine.register(arm_const.UC_ARM_REG_LR) & ~1)
    executed = blocks(machine, counter.detach())
    cycles = price(executed, elf.read, CYCLE_MODELS[nucleo.core], nucleo.flash_timing)
    assert time.process_time() - before < limit_s
    stalls, core = cycles.cost.flash_stalls, cycles.cost.core_cycles
    assert stalls is not None and core is not None and 0 < stalls < core
