"""Every board that ships: boots at its full clock in each emulator that has it, and computes the same bits."""

from __future__ import annotations

import shutil
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from fake_firmware import fake_files, fake_outputs

import tinyprune
from tinyprune import board as boards
from tinyprune import emulators, toolchain
from tinyprune.board import Board
from tinyprune.emulators import EMULATORS
from tinyprune.emulators.machine import Machine
from tinyprune.emulators.unicorn import NEVER
from tinyprune.errors import ToolMissingError
from tinyprune.toolchain import Elf

DIGITS = Path(__file__).parents[1] / "data" / "digits.tflite"
TOOLCHAINS = [name for name in ("gcc", "zig") if name == "zig" or shutil.which("arm-none-eabi-gcc")]
EMULATED = [name for name in boards.names() if name != "mps3-an547"]  # Unicorn has no Cortex-M55
SAMPLE = np.array([[1, -2, 3, 4, -5, 6, 7, 8]], np.int8)

# What the UART's rate and the flash's wait states must be set to at the full clock: address, value.
SETTINGS = {
    "stm32f1": {0x4001_3808: round(72e6 / 115_200), 0x4002_2000: 0x12},
    "nucleo-g0b1re": {0x4000_440C: round(64e6 / 115_200), 0x4002_2000: 0x302},
    "stm32f7": {0x4001_100C: round(108e6 / 115_200), 0x4002_3C00: 0x307},
    "nucleo-h743zi": {0x4000_480C: round(100e6 / 115_200), 0x5200_2000: 0x22},
    "nucleo-u575zi": {0x4001_380C: round(160e6 / 115_200), 0x4002_2000: 0x104},
    "rpi-pico": {0x4003_4024: 67, 0x4003_4028: 52},  # 125 MHz / (16 * 115200) = 67 + 52 / 64
    "nrf52840dk": {0x4000_2524: 0x01D7_E000, 0x4001_E540: 1},
    "nrf5340dk": {0x5000_8524: 0x01D6_0000, 0x5000_5558: 0, 0x5000_1500: 1},
    "microbit": {0x4000_2524: 0x01D7_E000},
}
# The clock that runs, the UART's rate at it, and the status, where nothing but the UART ever gets ready.
NOTHING_READY = {
    "stm32f1": (8_000_000, {0x4001_3808: round(8e6 / 115_200)}, 1),
    "nucleo-g0b1re": (16_000_000, {0x4000_440C: round(16e6 / 115_200)}, 4),
    "stm32f7": (16_000_000, {0x4001_100C: round(16e6 / 115_200)}, 1),
    "nucleo-h743zi": (64_000_000, {0x4000_480C: round(64e6 / 115_200)}, 4),
    "nucleo-u575zi": (4_000_000, {0x4001_380C: round(4e6 / 115_200)}, 4),
    "rpi-pico": (6_500_000, {0x4003_4024: 3}, 1),
    "nrf52840dk": (64_000_000, {0x4000_2524: 0x01D7_E000}, 1),
    "nrf5340dk": (128_000_000, {0x5000_8524: 0x01D6_0000}, 1),
    "microbit": (16_000_000, {0x4000_2524: 0x01D7_E000}, 1),
}


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("boards")


@cache
def built(folder: Path, name: str, compiler: str) -> Elf:
    board = boards.load(name)
    files = fake_files(board, stack_bytes=2048)  # with the arena it fits the smallest emulated machine, 8 KB
    return toolchain.build(files, board, toolchain.find(compiler), folder / f"{name}-{compiler}")


def booted(elf: Elf, board: Board) -> Machine:
    machine = Machine(elf, board)
    machine.go(NEVER)
    assert machine.finished() == 0
    return machine


def written(machine: Machine, addresses: dict[int, int]) -> dict[int, int]:
    return {address: machine._registers[address] for address in addresses}


def test_the_boards_have_every_core() -> None:
    cores = {boards.load(name).core for name in boards.names()}
    assert len(boards.names()) >= 12 and cores == set(boards.CORES) - {"cortex-m4"}


@pytest.mark.parametrize("compiler", TOOLCHAINS)
@pytest.mark.parametrize("name", boards.names())
def test_the_image_lies_in_the_real_memory(name: str, compiler: str, folder: Path) -> None:
    board, elf = boards.load(name), built(folder, name, compiler)
    for section in elf.sections.values():
        assert any(
            m.origin <= section.address and section.address + section.bytes <= m.end for m in board.memory.values()
        )
    vectors = 0x1000_0100 if name == "rpi-pico" else board.flash.origin
    assert elf.symbols["vectors"].address == vectors


@pytest.mark.parametrize("compiler", TOOLCHAINS)
@pytest.mark.parametrize("name", EMULATED)
def test_a_board_boots_at_its_full_clock(name: str, compiler: str, folder: Path) -> None:
    board = boards.load(name)
    machine = booted(built(folder, name, compiler), board)
    assert f"#clock {board.clock_hz} status 0\n" in machine.uart.decode()
    assert machine.uart.decode().endswith("tinyprune: done\n")
    assert written(machine, SETTINGS.get(name, {})) == SETTINGS.get(name, {})


@pytest.mark.parametrize("name", NOTHING_READY)
def test_a_board_without_its_clock_still_answers(name: str, folder: Path) -> None:
    board = boards.load(name)
    uart = [r for r in board.registers if r.address >> 12 == board.uart.transmit_address >> 12]
    machine = booted(built(folder, name, TOOLCHAINS[0]), replace(board, registers=tuple(uart)))
    clock_hz, settings, status = NOTHING_READY[name]
    assert f"#clock {clock_hz} status {status}\n" in machine.uart.decode()
    assert written(machine, settings) == settings


@pytest.mark.parametrize("emulator", EMULATORS)
@pytest.mark.parametrize("name", boards.names())
def test_the_same_bits_wherever_the_board_is_emulated(name: str, emulator: str, folder: Path) -> None:
    board, elf = boards.load(name), built(folder, name, TOOLCHAINS[0])
    try:
        emulators.find(emulator)
    except ToolMissingError as error:
        pytest.skip(error.what)
    if reason := EMULATORS[emulator].refusal(elf, board):
        assert emulator == "qemu" or name == "mps3-an547", reason
        pytest.skip(reason)
    run = emulators.run(emulator, elf, board, np.concatenate([SAMPLE, np.zeros_like(SAMPLE)]))
    assert run.outputs.tolist() == [fake_outputs(), [-7] * 20]
    assert {block.layer for block in run.blocks} == {"", "scale", "spread"}


@pytest.mark.slow
@pytest.mark.parametrize("name", EMULATED)
def test_a_board_runs_a_model_and_says_what_it_costs(name: str, tmp_path: Path) -> None:
    report = tinyprune.build(DIGITS, name, toolchain=TOOLCHAINS[0], output=tmp_path / "out")
    timing = boards.load(name).flash_timing
    assert report.bit_exact is True and report.cycle_model is not None
    if not report.cycle_model.name:
        assert report.core_cycles is None
    elif timing.not_modelled:
        assert (report.flash_stalls, report.cycles) == (None, None)
        assert timing.not_modelled in report.cycle_model.claim
    else:
        assert report.core_cycles is not None and report.flash_stalls is not None
        assert (report.flash_stalls > 0) == (timing.wait_states > 0)
        assert report.cycles == report.core_cycles + report.flash_stalls
        for figure in ("instructions", "core_cycles", "flash_stalls", "cycles"):
            inside = sum(getattr(layer, figure) for layer in report.layers)
            assert 0 <= getattr(report, figure) - inside < 1000  # tp_invoke itself
