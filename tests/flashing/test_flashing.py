import shlex
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tinyprune import board
from tinyprune.board import Board
from tinyprune.errors import TinypruneError, ToolMissingError
from tinyprune.flashing import FLASHERS, find_flasher, flash

ARGUMENTS = {
    "pyocd": ["flash --no-wait --target {pyocd} {folder}/firmware.hex"],
    "openocd": ["-f {openocd} -c 'program {{{folder}/firmware.elf}} verify reset exit'"],
    "st-flash": ["--reset write {folder}/firmware.bin 0x08000000"],
    "probe-rs": [
        "download --verify --chip {probe-rs} {folder}/firmware.elf",
        "reset --chip {probe-rs}",
    ],
}


@pytest.fixture
def stm32f4() -> Board:
    return board.load("stm32f4")


@pytest.fixture
def built(tmp_path: Path) -> Path:
    folder = tmp_path / "build"
    folder.mkdir()
    (folder / "firmware.elf").touch()
    return folder


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that is all of PATH; no flasher is importable either."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    return folder


def install(programs: Path, name: str, *, fails_with: str = "") -> Path:
    """A program that writes down how it was called."""
    program = programs / name
    program.write_text(
        f"#!{sys.executable}\nimport shlex, sys\n"
        f"open({str(programs / 'calls')!r}, 'a').write(shlex.join(sys.argv) + '\\n')\n"
        f"print({fails_with!r}); sys.exit({1 if fails_with else 0})\n"
    )
    program.chmod(0o755)
    return program


def expected(name: str, program: Path, folder: Path, stm32f4: Board) -> list[list[str]]:
    return [[str(program), *shlex.split(line.format(folder=folder, **stm32f4.flashers))] for line in ARGUMENTS[name]]


@pytest.mark.parametrize("name", ARGUMENTS)
def test_runs_exactly_these_commands(name: str, built: Path, programs: Path, stm32f4: Board) -> None:
    program = install(programs, name)
    commands = flash(stm32f4, built, name)
    assert [list(command) for command in commands] == expected(name, program, built, stm32f4)
    calls = (programs / "calls").read_text().splitlines()
    assert [shlex.split(call) for call in calls] == [list(command) for command in commands]


@pytest.mark.parametrize("name", ARGUMENTS)
def test_a_dry_run_runs_nothing(name: str, built: Path, programs: Path, stm32f4: Board) -> None:
    program = install(programs, name)
    commands = flash(stm32f4, built, dry_run=True)
    assert [list(command) for command in commands] == expected(name, program, built, stm32f4)
    assert not (programs / "calls").exists()


def test_the_order_of_preference(programs: Path, stm32f4: Board) -> None:
    for name in ("probe-rs", "st-flash", "openocd", "pyocd"):
        install(programs, name)
        assert find_flasher(stm32f4) == name


def test_pyocd_as_a_module(built: Path, programs: Path, stm32f4: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: object() if name == "pyocd" else None)
    assert flash(stm32f4, built, dry_run=True)[0][:4] == (sys.executable, "-m", "pyocd", "flash")


@pytest.mark.usefixtures("programs")
def test_none_installed_names_all(built: Path, stm32f4: Board) -> None:
    with pytest.raises(ToolMissingError) as caught:
        flash(stm32f4, built)
    assert all(name in caught.value.remedy and FLASHERS[name].install in caught.value.remedy for name in ARGUMENTS)


@pytest.mark.usefixtures("programs")
def test_a_dry_run_needs_no_tool(built: Path, stm32f4: Board) -> None:
    assert flash(stm32f4, built, dry_run=True)[0][:2] == ("pyocd", "flash")
    assert flash(stm32f4, built, "probe-rs", dry_run=True)[1] == ("probe-rs", "reset", "--chip", "STM32F407VGTx")
    with pytest.raises(TinypruneError, match="unknown flasher"):
        flash(stm32f4, built, "uf2", dry_run=True)


def test_a_board_that_nothing_can_program(built: Path) -> None:
    with pytest.raises(TinypruneError, match="names no tool that can program it"):
        flash(board.load("mps3-an547"), built, dry_run=True)


@pytest.mark.usefixtures("programs")
def test_the_one_asked_for_is_not_installed(built: Path, stm32f4: Board) -> None:
    with pytest.raises(ToolMissingError, match="openocd is not installed") as caught:
        flash(stm32f4, built, "openocd")
    assert "apt install openocd" in caught.value.remedy and "pyocd" not in caught.value.remedy


def test_a_board_without_a_target_for_the_tool(programs: Path, built: Path, stm32f4: Board) -> None:
    install(programs, "pyocd")
    only_openocd = replace(stm32f4, flashers={"openocd": "board/x.cfg"})
    with pytest.raises(ToolMissingError):
        flash(only_openocd, built)
    with pytest.raises(TinypruneError, match="known: openocd"):
        flash(only_openocd, built, "pyocd")


def test_an_unknown_tool(built: Path, stm32f4: Board) -> None:
    with pytest.raises(TinypruneError, match="did you mean pyocd"):
        flash(stm32f4, built, "pyocd2")


def test_nothing_built(tmp_path: Path, programs: Path, stm32f4: Board) -> None:
    install(programs, "pyocd")
    with pytest.raises(TinypruneError, match=r"no firmware\.elf"):
        flash(stm32f4, tmp_path)


def test_a_probe_that_does_not_answer(built: Path, programs: Path, stm32f4: Board) -> None:
    program = install(programs, "st-flash", fails_with="Couldn't find any ST-Link devices")
    with pytest.raises(TinypruneError, match="Couldn't find any ST-Link") as caught:
        flash(stm32f4, built)
    assert str(program) in caught.value.what and "st-info --probe" in caught.value.remedy


def test_the_first_command_that_fails_is_the_last(built: Path, programs: Path, stm32f4: Board) -> None:
    install(programs, "probe-rs", fails_with="no probe")
    with pytest.raises(TinypruneError, match="no probe"):
        flash(stm32f4, built)
    assert len((programs / "calls").read_text().splitlines()) == 1
