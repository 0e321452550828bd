"""The firmware itself: what it prints, in Unicorn and in QEMU, and how it takes faults."""

import dataclasses
import re
import shutil
import subprocess
import zlib
from pathlib import Path

import pytest
from bare_board import BareBoard
from fake_firmware import fake_files, fake_outputs

from tinyprune.board import Board, load
from tinyprune.codegen.firmware import firmware_files
from tinyprune.toolchain import Elf, Toolchain, build


def lines_that_must_agree(text: str) -> list[str]:
    return [line for line in text.splitlines() if not line.startswith("#")]


def expected_lines() -> list[str]:
    outputs = fake_outputs()
    crc = zlib.crc32(bytes(value & 0xFF for value in outputs))
    return [
        "tinyprune: model fake",
        "tinyprune: output " + " ".join(map(str, outputs[:16])),
        "tinyprune: output " + " ".join(map(str, outputs[16:])),
        f"tinyprune: crc32 {crc:08x}",
    ]


def run_in_qemu(elf: Elf) -> tuple[int, str]:
    if not shutil.which("qemu-system-arm"):
        pytest.skip("qemu-system-arm is not installed")
    machine = ["-M", "netduinoplus2", "-display", "none", "-monitor", "none"]
    semihosting = ["-semihosting-config", "enable=on,target=native"]
    serial = ["-serial", "null", "-serial", "stdio"]  # USART2 is the second
    command = ["qemu-system-arm", *machine, *semihosting, *serial, "-kernel", str(elf.path)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False, stdin=subprocess.DEVNULL)
    return result.returncode, result.stdout


def test_prints_outputs_cycles_and_stack(tmp_path: Path, stm32f4: Board, toolchain: Toolchain) -> None:
    board = BareBoard(build(fake_files(stm32f4), stm32f4, toolchain, tmp_path), stm32f4, debugger=True)
    text = board.run()
    lines = lines_that_must_agree(text)
    assert lines[:4] == expected_lines()
    assert (used := re.fullmatch(r"tinyprune: stack (\d+) of 4096", lines[4])) and 32 <= int(used[1]) <= 512
    assert lines[5:] == ["tinyprune: done"] and board.exit_code == 0
    varying = [line for line in text.splitlines() if line.startswith("#")]
    assert varying[0] == "#clock 168000000 status 0"
    assert [line.rsplit(" ", 1)[0] for line in varying[1:]] == ["#dwt 0 scale", "#dwt 1 spread", "#dwt total"]


def test_the_uart_is_set_for_the_clock_that_runs(tmp_path: Path, stm32f4: Board, toolchain: Toolchain) -> None:
    elf = build(fake_files(stm32f4), stm32f4, toolchain, tmp_path)
    board = BareBoard(elf, stm32f4, debugger=True)
    board.run()
    assert board.written[0x4000_4408] == round(42_000_000 / 115_200)
    assert board.written[0x4002_3C00] == 0x705 and board.written[0x4002_3804] == 0x0740_5408  # FLASH_ACR, RCC_PLLCFGR


def test_the_nucleo_runs_at_its_full_clock(tmp_path: Path, toolchain: Toolchain) -> None:
    nucleo = load("nucleo-l4r5zi")
    board = BareBoard(build(fake_files(nucleo), nucleo, toolchain, tmp_path), nucleo, debugger=True)
    text = board.run()
    assert lines_that_must_agree(text)[:4] == expected_lines() and board.exit_code == 0
    assert "#clock 120000000 status 0" in text
    assert board.written[0x4000_800C] == round(256 * 120_000_000 / 115_200)  # LPUART_BRR
    assert board.written[0x4002_2000] == 0x705  # FLASH_ACR: prefetch, both caches, 5 wait states
    pll = board.written[0x4002_100C]
    assert 16_000_000 // ((pll >> 4 & 15) + 1) * (pll >> 8 & 127) // 2 == 120_000_000 and pll & 3 == 2


def test_the_nucleo_without_its_pll_stays_on_its_reset_clock(tmp_path: Path, toolchain: Toolchain) -> None:
    nucleo = load("nucleo-l4r5zi")
    dead = dataclasses.replace(nucleo, registers=tuple(r for r in nucleo.registers if r.address != 0x4002_1000))
    board = BareBoard(build(fake_files(nucleo), nucleo, toolchain, tmp_path), dead, debugger=True)
    text = board.run()
    assert lines_that_must_agree(text)[:4] == expected_lines()
    assert "#clock 4000000 status 4" in text and 0x4002_1008 not in board.written
    assert board.written[0x4000_800C] == round(256 * 4_000_000 / 115_200)


def test_qemu_prints_the_same(tmp_path: Path, stm32f4: Board, toolchain: Toolchain) -> None:
    elf = build(fake_files(stm32f4), stm32f4, toolchain, tmp_path)
    code, text = run_in_qemu(elf)
    assert code == 0
    assert lines_that_must_agree(text) == lines_that_must_agree(BareBoard(elf, stm32f4, debugger=True).run())
    assert "#clock 16000000 status 1" in text  # its clock registers read 0: no crystal


def test_a_bare_board_steps_over_the_exit_and_sleeps(tmp_path: Path, stm32f4: Board, toolchain: Toolchain) -> None:
    board = BareBoard(build(fake_files(stm32f4), stm32f4, toolchain, tmp_path), stm32f4, debugger=False)
    text = board.run()
    assert board.faults == 1 and text.endswith("tinyprune: done\n") and "fault" not in text


@pytest.mark.parametrize(
    ("statement", "report"),
    [
        (
            '__asm__ volatile("udf #0");',
            r"tinyprune: fault pc 0x080\w{5} lr 0x\w{8} sp 0x20000\w{3} cfsr 0x00010000 calls",
        ),
        (
            "(void)*(volatile int *)0x60000000;",
            r"tinyprune: fault pc 0x080\w{5} .* cfsr 0x00008200 address 0x60000000 calls",
        ),
        (
            'int8_t big[8192]; memset(big, 1, 8192); __asm__ volatile("" ::"r"(big) : "memory");',
            "fault stack overflow sp 0x1fff",
        ),
    ],
)
def test_a_fault_is_reported_and_fails(
    statement: str, report: str, tmp_path: Path, stm32f4: Board, toolchain: Toolchain
) -> None:
    files = fake_files(stm32f4)
    files["model/model.c"] = str(files["model/model.c"]).replace(
        "{ tp_layer_scale();", f"{{ {statement} tp_layer_scale();"
    )
    code, text = run_in_qemu(build(files, stm32f4, toolchain, tmp_path))
    assert code == 1 and re.search(report, text), text


def test_the_stack_can_be_in_ccm(tmp_path: Path, stm32f4: Board, toolchain: Toolchain) -> None:
    files = fake_files(stm32f4)
    for name, content in files.items():
        files[name] = str(content).replace("tp_arena[4096]", f"tp_arena[{stm32f4.sram.bytes - 512}]")
    files |= firmware_files(stm32f4, arena_bytes=stm32f4.sram.bytes - 512)
    elf = build(files, stm32f4, toolchain, tmp_path)
    assert elf.symbols["__stack_limit"].address == stm32f4.memory["ccm"].origin
    assert lines_that_must_agree(BareBoard(elf, stm32f4, debugger=True).run())[:4] == expected_lines()
