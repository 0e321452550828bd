"""Programming a Raspberry Pi Pico: picotool, and the drive that its boot loader shows."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tinyprune import board, flashing
from tinyprune.errors import TinypruneError
from tinyprune.flashing import uf2

PICO = board.load("rpi-pico")


@pytest.fixture
def built(tmp_path: Path) -> Path:
    folder = tmp_path / "build"
    folder.mkdir()
    (folder / "firmware.elf").touch()
    (folder / "firmware.uf2").write_bytes(b"blocks")
    return folder


@pytest.fixture
def drive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The drive that a Pico shows, next to another board's."""
    folders = [tmp_path / "drives" / name for name in ("RPI-RP2", "OTHER")]
    for folder in folders:
        folder.mkdir(parents=True)
        (folder / "INFO_UF2.TXT").write_text(f"UF2 Bootloader v3.0\r\nModel: a board\r\nBoard-ID: {folder.name}\r\n")
    (tmp_path / "drives" / "stick").mkdir()
    monkeypatch.setattr(uf2, "PLACES", (str(tmp_path / "drives" / "*"),))
    return folders[0]


def test_picotool(built: Path) -> None:
    (command,) = flashing.flash(PICO, built, "picotool", dry_run=True)
    assert command[1:] == ("load", "-v", "-x", str(built / "firmware.elf"), "-t", "elf")


def test_the_copy_is_a_command_as_any_other(built: Path) -> None:
    (command,) = flashing.flash(PICO, built, "uf2", dry_run=True)
    assert command == (sys.executable, "-m", "tinyprune.flashing.uf2", "RPI-RP2", str(built / "firmware.uf2"))


def test_without_its_drive_it_says_what_to_do(built: Path) -> None:
    with pytest.raises(TinypruneError, match="no drive of a RPI-RP2 is mounted") as caught:
        flashing.flash(PICO, built, "uf2")
    assert "hold BOOTSEL" in caught.value.remedy and "RPI-RP2" in caught.value.remedy


def test_it_lands_on_the_right_drive(built: Path, drive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert uf2.main("RPI-RP2", str(built / "firmware.uf2")) == 0
    assert (drive / "firmware.uf2").read_bytes() == b"blocks"
    assert not (drive.parent / "OTHER" / "firmware.uf2").exists() and str(drive) in capsys.readouterr().out


def test_two_boards_at_once_are_one_too_many(built: Path, drive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (drive.parent / "OTHER" / "INFO_UF2.TXT").write_text("Board-ID: RPI-RP2\n")
    assert uf2.main("RPI-RP2", str(built / "firmware.uf2")) == 1
    assert "more than one" in capsys.readouterr().err and not (drive / "firmware.uf2").exists()
