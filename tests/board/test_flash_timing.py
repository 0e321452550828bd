"""What a board file says about its flash, and what it must not say."""

from __future__ import annotations

from pathlib import Path

import pytest

from tinyprune.board import FlashTiming, LineCache, load, load_file, names
from tinyprune.errors import TinypruneError

STM32F4 = (Path(__file__).parents[2] / "boards" / "stm32f4.toml").read_text(encoding="utf-8")


def changed(folder: Path, old: str, new: str) -> Path:
    assert old in STM32F4
    file = folder / "mine.toml"
    file.write_text(STM32F4.replace(old, new), encoding="utf-8")
    return file


def test_the_boards_that_ship() -> None:
    assert load("stm32f4").flash_timing == FlashTiming(5, True, LineCache(64, 16, 64), LineCache(8, 16, 8))
    nucleo = load("nucleo-l4r5zi")
    assert nucleo.flash_timing == FlashTiming(5, True, LineCache(128, 8, 32, 4), LineCache(32, 8, 8, 4))
    assert (nucleo.core, nucleo.clock_hz) == ("cortex-m4f", 120_000_000)
    assert (nucleo.flash.bytes, nucleo.sram.bytes) == (2 << 20, 640 << 10)


@pytest.mark.parametrize("name", names())
def test_a_cache_holds_whole_sets_and_the_flash_whole_lines(name: str) -> None:
    board = load(name)
    for cache in (board.flash_timing.instructions, board.flash_timing.data):
        if cache:
            assert cache.sets * cache.ways * cache.row_lines == cache.lines
            assert board.flash.bytes % cache.line_bytes == 0


def test_without_wait_states_there_is_nothing_more_to_say(tmp_path: Path) -> None:
    table = STM32F4[STM32F4.index("[flash_timing]") : STM32F4.index("[uart]")]
    file = changed(tmp_path, table, "[flash_timing]\nwait_states = 0\n\n")
    assert load_file(file).flash_timing == FlashTiming(0)
    with pytest.raises(TinypruneError, match=r"key 'flash_timing.prefetch' is not known here"):
        load_file(changed(tmp_path, "wait_states = 5", "wait_states = 0"))


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ("wait_states = 5", "", "key 'flash_timing.wait_states' is missing"),
        ("prefetch = true", "prefetch = 1", "key 'flash_timing.prefetch' must be true or false"),
        ("lines = 8,", "lines = 0,", "key 'flash_timing.data_cache.lines' is 0; it must be a whole number from 1"),
        ("lines = 8, line_bytes = 16", "lines = 8, line_bytes = 12", "line_bytes' is 12; it must be a power of two"),
        ("ways = 8 ", "ways = 3 ", "key 'flash_timing.data_cache.ways' is 3; it must divide the 8 rows"),
        ("row_lines = 1, ways = 8 ", "row_lines = 3, ways = 8 ", "row_lines' is 3; it must divide the 8 lines"),
        ("ways = 8 ", "ways = 8, sets = 1 ", "key 'flash_timing.data_cache.sets' is not known here"),
        ("[flash_timing]", "[timing]", "key 'flash_timing' is missing; it must be a table"),
    ],
)
def test_an_error_names_the_key_and_what_is_allowed(tmp_path: Path, old: str, new: str, error: str) -> None:
    with pytest.raises(TinypruneError) as caught:
        load_file(changed(tmp_path, old, new))
    assert error in str(caught.value)
