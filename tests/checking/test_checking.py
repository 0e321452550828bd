"""What a board prints, read back over a serial port and set beside the prediction."""

from __future__ import annotations

import json
import os
import sys
import threading
import tty
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import tinyprune
from tinyprune import board, checking, directory, emulators, flashing, saved_builds
from tinyprune.cli import app
from tinyprune.errors import TinypruneError, ToolMissingError

DIGITS = Path(__file__).parents[1] / "data" / "digits.tflite"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("check") / "out"
    tinyprune.build(DIGITS, "stm32f4", output=folder)
    return folder


@pytest.fixture(scope="module")
def uart(built: Path) -> str:
    """What the firmware prints in an emulator, with cycles as if it had counted some."""
    saved = directory.read_report(built)
    elf, inputs = saved_builds.elf(built, saved), saved_builds.checked_inputs(built)[:1]
    text = emulators.run("unicorn", elf, board.load("stm32f4"), np.asarray(inputs)).uart
    for layer in saved["layers"]:
        text = text.replace(f" {layer['name']} 0\n", f" {layer['name']} {layer['cycles'] * 2}\n")
    return text


def test_a_board_that_is_right(built: Path, uart: str) -> None:
    result = checking.check(built, directory.read_report(built), uart)
    assert result.bit_exact and result.clock_hz == 168_000_000 and result.status == 0
    assert all(layer.predicted and layer.measured == 2 * layer.predicted for layer in result.layers)
    lines = checking.table(result)
    assert lines[0] == "bit-exact; 168,000,000 Hz" and len(lines) == len(result.layers) + 2
    assert all(line.endswith("-50.0%") for line in lines[2:])


def test_the_last_boot_counts(built: Path, uart: str) -> None:
    saved, broken = directory.read_report(built), uart.replace("crc32 ", "crc32 f")
    assert not checking.check(built, saved, uart + broken).bit_exact
    assert checking.check(built, saved, "noise\x00" + broken[100:] + uart).bit_exact


def test_other_bits_are_told(built: Path, uart: str) -> None:
    saved = directory.read_report(built)
    wrong = uart.replace(checking.expected_crc32(built, saved), "00000000")
    result = checking.check(built, saved, wrong.replace("status 0", "status 1"))
    assert not result.bit_exact and result.status == 1
    assert checking.table(result)[0].startswith("NOT bit-exact: CRC 00000000, expected ")
    assert "status 1" in checking.table(result)[0]


def test_what_is_no_run_of_this_firmware(built: Path, uart: str) -> None:
    saved = directory.read_report(built)
    with pytest.raises(TinypruneError, match="another firmware runs on the board"):
        checking.check(built, saved, uart.replace("conv2d_0", "conv2d_9"))
    with pytest.raises(TinypruneError, match="not that of a whole run"):
        checking.check(built, saved, "hello\n")
    with pytest.raises(TinypruneError, match="faults on the board: pc 0x08000101"):
        checking.check(built, saved, "tinyprune: model x\n\ntinyprune: fault pc 0x08000101 lr\n")


@contextmanager
def talking(text: str) -> Generator[str]:
    """A serial port on which a board says `text`, again and again."""
    master, slave = os.openpty()
    tty.setraw(slave)
    stop = threading.Event()

    def talk() -> None:
        while not stop.wait(0.3):
            os.write(master, text.encode())

    thread = threading.Thread(target=talk)
    thread.start()
    try:
        yield os.ttyname(slave)
    finally:
        stop.set()
        thread.join()
        os.close(master)
        os.close(slave)


def test_flash_reads_the_answer_back(built: Path, uart: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("serial")
    program = tmp_path / "st-flash"
    program.write_text(f"#!{sys.executable}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with talking(uart) as port:
        arguments = ["flash", str(built), "--with", "st-flash", "--check", "--port", port]
        shown = CliRunner().invoke(app, arguments)
        document = CliRunner().invoke(app, [*arguments, "--json"])
    assert shown.exit_code == 0 and "bit-exact; 168,000,000 Hz" in shown.output, shown.output
    assert json.loads(document.stdout)["bit_exact"] is True
    with talking(uart.replace("crc32 ", "crc32 0")) as port:
        assert CliRunner().invoke(app, [*arguments[:-1], port]).exit_code == 1


@pytest.mark.parametrize("text", ["#half a line", "#dwt total 9\ntinyprune: done\n"])
def test_a_board_of_which_no_whole_run_is_heard(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("serial")
    monkeypatch.setattr(flashing.serial_port, "LIMIT_S", 0.5)
    with (
        talking(text) as port,
        flashing.listening(port, 115_200) as read,
        pytest.raises(TinypruneError, match="did not say 'tinyprune: done'"),
    ):
        read()


def test_no_such_port_and_no_pyserial(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("serial")
    with pytest.raises(TinypruneError, match="cannot read the serial port"), flashing.listening("/no/port", 115_200):
        pass
    monkeypatch.setitem(sys.modules, "serial", None)
    with pytest.raises(ToolMissingError, match="pyserial is not installed"), flashing.listening("x", 115_200):
        pass
