"""The 256 bytes with which an RP2040 begins, run as its boot ROM runs them; and the file that its boot loader takes."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import pytest
import unicorn
from fake_firmware import fake_files
from unicorn import arm_const

from tinyprune import board, toolchain
from tinyprune.toolchain import Elf

PICO = board.load("rpi-pico")
SSI, COPY = 0x1800_0000, 0x2004_1F00  # RP2040 Datasheet: the boot ROM copies the second stage to the end of the SRAM
SYSTEM = 0xE000_E000


@pytest.fixture(scope="module")
def elf(tmp_path_factory: pytest.TempPathFactory) -> Elf:
    return toolchain.build(fake_files(PICO), PICO, toolchain.find(), tmp_path_factory.mktemp("pico"))


def crc32(data: bytes) -> int:
    """As the boot ROM's: most significant bit first, nothing reflected or inverted."""
    crc = 0xFFFF_FFFF
    for byte in data:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1) ^ (0x04C1_1DB7 if crc >> 31 else 0)
            crc &= 0xFFFF_FFFF
    return crc


def test_the_boot_rom_accepts_it(elf: Elf) -> None:
    stage = elf.read(PICO.flash.origin, 256)
    assert crc32(stage[:252]) == int.from_bytes(stage[252:], "little")


def test_it_opens_the_flash_and_starts_the_firmware(elf: Elf) -> None:
    core: Any = unicorn.Uc(unicorn.UC_ARCH_ARM, unicorn.UC_MODE_THUMB | unicorn.UC_MODE_MCLASS)
    core.ctl_set_cpu_model(arm_const.UC_CPU_ARM_CORTEX_M0)
    writes: list[tuple[int, int]] = []
    for base in (SSI, SYSTEM):
        core.mmio_map(base, 0x1000, lambda *_: 0, None, lambda _, o, __, v, b: writes.append((b + o, v)), base)
    core.mem_map(PICO.flash.origin, 0x1000)
    core.mem_map(0x2004_0000, 0x2000)
    core.mem_write(PICO.flash.origin, elf.read(PICO.flash.origin, 512))
    core.mem_write(COPY, elf.read(PICO.flash.origin, 256))
    stack, start = struct.unpack("<II", elf.read(PICO.flash.origin + 256, 8))
    core.emu_start(COPY | 1, start & ~1, count=100)
    assert core.reg_read(arm_const.UC_ARM_REG_PC) == start & ~1 == elf.symbols["Reset_Handler"].address
    assert core.reg_read(arm_const.UC_ARM_REG_SP) == stack
    registers = dict(writes)
    assert registers[SSI + 0xF4] >> 24 == 0x03 and registers[SSI + 0x00] == 0x001F_0300
    assert [value for address, value in writes if address == SSI + 0x08] == [0, 1]  # off while it is set up
    assert registers[0xE000_ED08] == PICO.flash.origin + 256


def test_the_uf2_file_holds_the_flash(elf: Elf) -> None:
    content = (elf.path.parent / "firmware.uf2").read_bytes()
    image = (elf.path.parent / "firmware.bin").read_bytes()
    blocks = [struct.unpack("<8I476sI", content[i : i + 512]) for i in range(0, len(content), 512)]
    assert {(b[0], b[1], b[2], b[4], b[7], b[9]) for b in blocks} == {
        (0x0A324655, 0x9E5D5157, 0x2000, 256, PICO.uf2_family, 0x0AB16F30)
    }
    assert [(b[3], b[5], b[6]) for b in blocks] == [
        (PICO.flash.origin + 256 * i, i, len(blocks)) for i in range(len(blocks))
    ]
    flashed = b"".join(b[8][:256] for b in blocks)
    assert flashed[: len(image)] == image and set(flashed[len(image) :]) <= {0xFF}


def test_other_boards_have_none(tmp_path: Path) -> None:
    stm32f4 = board.load("stm32f4")
    toolchain.build(fake_files(stm32f4), stm32f4, toolchain.find(), tmp_path)
    assert not (tmp_path / "firmware.uf2").exists()
