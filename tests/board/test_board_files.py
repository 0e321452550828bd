"""Board files of the user's own, and what tells which emulator has which board."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tinyprune import board, board_template, emulated
from tinyprune.emulators import EMULATORS, machine, qemu, renode, unicorn
from tinyprune.errors import TinypruneError
from tinyprune.toolchain import Elf

NO_ELF = Elf(Path(), 0, {}, {}, (), "", "", ())


@pytest.mark.parametrize("name", board.names())
def test_a_new_file_is_the_board_it_was_begun_from(name: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    board_template.write(file, name)
    mine, like = board.load(str(file)), board.load(name)
    assert (mine.name, mine.title, mine.memory, mine.flash_timing) == (
        "mine",
        like.title,
        like.memory,
        like.flash_timing,
    )
    text = file.read_text(encoding="utf-8")
    assert all(word in text for word in (*board.CORES, *board.FLASHERS, *board.families()))


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text("precious")
    with pytest.raises(TinypruneError, match="exists"):
        board_template.write(file, "stm32f4")
    with pytest.raises(TinypruneError, match=r"no name for a board file"):
        board_template.write(tmp_path / "mine", "stm32f4")
    with pytest.raises(TinypruneError, match="unknown board"):
        board_template.write(tmp_path / "other.toml", "stm32f5")
    assert file.read_text() == "precious" and len(list(tmp_path.iterdir())) == 1


def test_waiting_that_is_not_modelled_has_a_reason_and_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    text = board.load("nucleo-u575zi").toml
    assert board.load("nucleo-u575zi").flash_timing.not_modelled
    file.write_text(text.replace("[flash_timing]", "[flash_timing]\nwait_states = 4"), encoding="utf-8")
    with pytest.raises(TinypruneError, match=r"mine\.toml: key 'flash_timing.wait_states' is not known here"):
        board.load_file(file)


def test_a_uf2_file_needs_its_family(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(board.load("rpi-pico").toml.replace("uf2_family =", "# uf2_family ="), encoding="utf-8")
    with pytest.raises(TinypruneError, match=r"key 'uf2_family' is missing"):
        board.load_file(file)


@pytest.mark.parametrize("name", board.names())
def test_the_tables_say_what_the_emulators_say(name: str) -> None:
    target = board.load(name)
    refusals = {"unicorn": unicorn.refusal, "qemu": qemu.refusal, "renode": renode.refusal}
    assert refusals.keys() == EMULATORS.keys()
    assert emulated.emulators(target) == tuple(key for key in EMULATORS if not refusals[key](NO_ELF, target))
    assert emulated.emulators(target)


def test_the_first_emulator_that_has_a_board_is_taken_and_another_is_refused_by_name() -> None:
    firsts = {name: emulated.able(board.load(name)) for name in board.names()}
    assert {name for name, first in firsts.items() if first != "unicorn"} == {"mps3-an547"}
    assert firsts["mps3-an547"] == "qemu" and emulated.able(board.load("stm32f4"), "renode") == "renode"
    with pytest.raises(TinypruneError, match=r"unicorn cannot run firmware for mps3-an547.*\ntake --emulator qemu"):
        emulated.able(board.load("mps3-an547"), "unicorn")
    with pytest.raises(TinypruneError, match="no emulator can run firmware for stm32f4"):
        emulated.able(dataclasses.replace(board.load("stm32f4"), core="cortex-m55"))


def test_unicorn_has_the_cores_of_the_table() -> None:
    assert set(machine.CORES) == set(emulated.UNICORN_CORES)


def test_the_list_for_scripts() -> None:
    command = [sys.executable, "-m", "tinyprune", "boards", "--json"]
    rows = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert [row["name"] for row in rows] == board.names() and len(rows) >= 12
    pico = next(row for row in rows if row["name"] == "rpi-pico")
    assert pico["memory"] == {"flash": 2 << 20, "sram": 264 << 10} and "uf2" in pico["flashers"]
    assert pico["emulators"] == ["unicorn", "renode"] and pico["core"] == "cortex-m0plus"


def test_the_list_for_people() -> None:
    command = [sys.executable, "-m", "tinyprune", "boards"]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert len(lines) == len(board.names()) + 1
    assert lines[0].split() == ["board", "core", "MHz", "flash", "SRAM", "emulators", "flashers"]
    blue_pill = next(line for line in lines if line.startswith("stm32f1 "))
    assert "64 KB" in blue_pill and "20 KB" in blue_pill and "unicorn qemu renode" in blue_pill
