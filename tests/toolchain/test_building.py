import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from fake_firmware import fake_files

from tinyprune.board import Board, Region
from tinyprune.errors import BudgetError, TinypruneError
from tinyprune.toolchain import Toolchain, build, memory_use


def test_equal_images_in_directories_of_different_names(tmp_path: Path, stm32f4: Board, toolchain: Toolchain) -> None:
    here, there = tmp_path / "here", tmp_path / "over there" / "deeper=x"
    files = fake_files(stm32f4)
    with ThreadPoolExecutor(2) as pool:  # at the same time: zig's cache is shared
        list(pool.map(lambda folder: build(files, stm32f4, toolchain, folder), (here, there)))
    for name in ("firmware.elf", "firmware.bin", "firmware.hex"):
        assert (here / name).read_bytes() == (there / name).read_bytes()
    assert str(tmp_path).encode() not in (here / "firmware.elf").read_bytes()


def test_a_directory_reached_by_a_link_changes_nothing(
    tmp_path: Path, stm32f4: Board, toolchain: Toolchain, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    real.mkdir()
    link.symlink_to(real)
    files = fake_files(stm32f4)
    first = build(files, stm32f4, toolchain, tmp_path / "plain").path.read_bytes()
    monkeypatch.setenv("PWD", str(link))
    assert build(files, stm32f4, toolchain, link).path.read_bytes() == first


def flash_bytes(directory: Path) -> int:
    return (directory / "firmware.bin").stat().st_size


def test_the_elf_says_what_is_where(tmp_path: Path, stm32f4: Board, toolchain: Toolchain) -> None:
    elf = build(fake_files(stm32f4), stm32f4, toolchain, tmp_path)
    assert (elf.toolchain, elf.toolchain_version) == (toolchain.name, toolchain.version)
    assert "-O3" in elf.flags and not any(str(tmp_path) in flag for flag in elf.flags)
    assert elf.symbols["tp_invoke"].kind == "function" and elf.symbols["tp_invoke"].address % 2 == 0
    assert elf.symbols["tp_arena"].bytes == 4096
    assert elf.entry == elf.symbols["Reset_Handler"].address
    assert elf.sections[".vectors"].address == stm32f4.flash.origin == elf.segments[0].address
    assert elf.sections[".bss"].load_address is None
    data = elf.sections[".data"]
    assert data.load_address is not None and data.load_address + data.bytes == stm32f4.flash.origin + flash_bytes(
        tmp_path
    )
    assert elf.read(data.address, 4) == (-7).to_bytes(4, "little", signed=True)
    with pytest.raises(KeyError):
        elf.read(stm32f4.flash.end - 4, 4)
    assert (tmp_path / "firmware.map").stat().st_size > 1000


def test_memory_use_adds_up(tmp_path: Path, stm32f4: Board, toolchain: Toolchain) -> None:
    elf = build(fake_files(stm32f4), stm32f4, toolchain, tmp_path)
    use = memory_use(elf, stm32f4)
    assert use.flash.total == flash_bytes(tmp_path)
    assert use.flash.code + use.flash.weights + use.flash.other == use.flash.total
    assert use.flash.weights == 1000
    assert use.arena_bytes == 4096 and 4096 < use.static_bytes < 4096 + 256
    assert use.stack_bytes == 4096
    assert 1000 < use.flash.code < 6000


def test_intel_hex_holds_the_binary(tmp_path: Path, stm32f4: Board, toolchain: Toolchain) -> None:
    build(fake_files(stm32f4, weights_bytes=70_000), stm32f4, toolchain, tmp_path)  # crosses a 64 KB boundary
    image = (tmp_path / "firmware.bin").read_bytes()
    decoded, upper = {}, 0
    for line in (tmp_path / "firmware.hex").read_text().splitlines():
        record = bytes.fromhex(line[1:])
        assert sum(record) & 0xFF == 0 and record[0] == len(record) - 5
        address, data = int.from_bytes(record[1:3], "big"), record[4:-1]
        if record[3] == 4:
            upper = int.from_bytes(data, "big") << 16
        else:
            decoded |= {upper + address + i: byte for i, byte in enumerate(data)}
    origin = stm32f4.flash.origin
    assert bytes(decoded.get(origin + i, 0xFF) for i in range(len(image))) == image
    assert len(decoded) > 70_000


def test_flash_overflow_names_region_sizes_and_remedy(tmp_path: Path, stm32f4: Board, toolchain: Toolchain) -> None:
    with pytest.raises(
        BudgetError, match=r"flash needs 1,\d{3},\d{3} bytes and has 1,048,576, \d+,\d{3} too few"
    ) as caught:
        build(fake_files(stm32f4, weights_bytes=1_100_000), stm32f4, toolchain, tmp_path)
    assert "csr" in caught.value.remedy
    needs, over = (
        int(text.replace(",", "")) for text in re.findall(r"(?:needs |, )([\d,]+)(?: bytes| too)", caught.value.what)
    )
    assert needs - over == stm32f4.flash.bytes and 1_100_000 < needs < 1_110_000


def test_sram_overflow_found_by_the_linker(tmp_path: Path, stm32f4: Board, toolchain: Toolchain) -> None:
    small = replace(stm32f4, memory={"flash": stm32f4.flash, "sram": Region(stm32f4.sram.origin, 8192)})
    with pytest.raises(BudgetError, match=r"sram needs 8,\d{3} bytes and has 8,192"):
        build(fake_files(small), small, toolchain, tmp_path)


def test_a_compiler_error_shows_command_and_message(tmp_path: Path, stm32f4: Board, toolchain: Toolchain) -> None:
    files = fake_files(stm32f4) | {"broken.c": "int broken(void) { return missing; }\n"}
    with pytest.raises(TinypruneError, match=r"broken\.c") as caught:
        build(files, stm32f4, toolchain, tmp_path / "a b")
    assert "missing" in caught.value.what
    assert f"cd '{tmp_path}/a b' && " in caught.value.remedy and "-mcpu=" in caught.value.remedy


def test_a_core_without_fpu_builds(tmp_path: Path, stm32f4: Board, toolchain: Toolchain) -> None:
    plain = replace(stm32f4, core="cortex-m4")
    assert "Reset_Handler" in build(fake_files(plain), plain, toolchain, tmp_path).symbols
