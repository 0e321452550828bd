"""The caches of a flash: least recently used, by sets; the definition in Python and its copy in C agree."""

from __future__ import annotations

import ctypes

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinyprune.board import LineCache, Region
from tinyprune.emulators import native
from tinyprune.emulators.flash_lines import FlashLines, HeldLines

FLASH = Region(0x0800_0000, 1024)
ACCESSES = st.lists(st.tuples(st.booleans(), st.integers(-20, 1040), st.integers(1, 40)), max_size=80)
ROWS = LineCache(8, 8, 2, row_lines=4)
CACHES = st.sampled_from([LineCache(1, 8, 1), LineCache(4, 8, 4), LineCache(8, 16, 2), LineCache(8, 4, 1), ROWS])


def misses(cache: LineCache, lines: list[int]) -> list[bool]:
    held = HeldLines(cache)
    return [held.misses(line) for line in lines]


def test_the_least_recently_used_line_goes() -> None:
    assert misses(LineCache(2, 8, 2), [1, 2, 1, 3, 1, 2]) == [True, True, False, True, False, True]


def test_only_lines_of_one_set_are_in_each_others_way() -> None:
    assert misses(LineCache(4, 8, 1), [0, 4, 0, 1, 0]) == [True, True, True, True, False]
    assert misses(LineCache(4, 8, 2), [0, 2, 0, 1, 4, 0]) == [True, True, False, True, True, False]


def test_a_row_is_filled_line_by_line_and_replaced_as_a_whole() -> None:
    assert misses(ROWS, [0, 3, 0, 4, 8, 3, 4]) == [True, True, False, True, True, True, True]
    assert misses(ROWS, [0, 4, 1, 8, 0, 1, 4]) == [True, True, True, True, False, False, True]


def lines() -> FlashLines:
    cache = LineCache(4, 8, 4)
    return FlashLines(FLASH, HeldLines(cache), HeldLines(cache))


def test_instructions_follow_on_or_do_not() -> None:
    flash = lines()
    assert flash.fetch(FLASH.origin + 4, 2) == (0, 1)
    assert flash.fetch(FLASH.origin + 6, 2) == (0, 0)  # in the line that is being executed
    assert flash.fetch(FLASH.origin + 8, 16) == (2, 0)
    assert flash.fetch(FLASH.origin, 8) == (0, 0)  # a jump back to what is held
    assert flash.fetch(FLASH.origin + 40, 12) == (1, 1)


def test_loads_count_each_line_that_they_touch() -> None:
    flash = lines()
    assert flash.read(FLASH.origin + 6, 4) == 2
    assert flash.read(FLASH.origin, 8) == 0


def test_other_memory_is_not_waited_for() -> None:
    flash = lines()
    assert (flash.fetch(0x2000_0000, 8), flash.read(0x2000_0000, 4)) == ((0, 0), 0)


@settings(deadline=None)  # the first of them may compile the copy
@given(ACCESSES, CACHES, CACHES)
def test_the_copy_in_c_agrees(accesses: list[tuple[bool, int, int]], instructions: LineCache, data: LineCache) -> None:
    library = native.load()
    if library is None:
        pytest.skip("no compiler for this machine")
    python = FlashLines(FLASH, HeldLines(instructions), HeldLines(data))
    caches = (native._line_cache(cache, FLASH.bytes) for cache in (instructions, data))
    flash, counted = native._FlashLines(FLASH.origin, FLASH.bytes, 0, 0, *caches), native._Misses()
    total = [0, 0, 0]
    for is_fetch, offset, size in accesses:
        address = FLASH.origin + offset
        more = (*python.fetch(address, size), 0) if is_fetch else (0, 0, python.read(address, size))
        total = [one + other for one, other in zip(total, more, strict=True)]
        function = library.flash_fetch if is_fetch else library.flash_read
        function(ctypes.byref(flash), ctypes.c_uint32(address), ctypes.c_uint32(size), ctypes.byref(counted))
    assert [counted.sequential, counted.jumped, counted.data] == total
