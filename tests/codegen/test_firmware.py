import re
from dataclasses import replace

import pytest

from tinyprune import board
from tinyprune.board import Board, Region
from tinyprune.codegen.firmware import check_sram, firmware_files, stack_region
from tinyprune.errors import BudgetError


@pytest.fixture
def stm32f4() -> Board:
    return board.load("stm32f4")


def without_ccm(stm32f4: Board) -> Board:
    return replace(stm32f4, memory={"flash": stm32f4.flash, "sram": stm32f4.sram})


def test_everything_but_the_model(stm32f4: Board) -> None:
    files = firmware_files(stm32f4, arena_bytes=1000)
    assert {"main.c", "startup.c", "runtime.c", "port.c", "port.h", "firmware.ld"} <= set(files)
    assert not [name for name in files if name.startswith(("model", "sample_input.c"))]


def test_each_quoted_header_is_there(stm32f4: Board) -> None:
    files = firmware_files(stm32f4, arena_bytes=1000)
    wanted = {name for text in files.values() for name in re.findall(r'#include "(.*)"', str(text))}
    assert wanted - set(files) <= {"model.h", "sample_input.h"}


def test_the_linker_script_has_the_real_sizes(stm32f4: Board) -> None:
    script = str(firmware_files(stm32f4, arena_bytes=1000, stack_bytes=2048)["firmware.ld"])
    assert "FLASH : ORIGIN = 0x08000000, LENGTH = 1048576" in script
    assert "SRAM : ORIGIN = 0x20000000, LENGTH = 131072" in script
    assert ". += 2048;" in script and "{" + "{" not in script


@pytest.mark.parametrize(
    ("arena_bytes", "region"), [(1000, "sram"), (131072 - 4096 - 1024, "sram"), (131072 - 4096 - 1023, "ccm")]
)
def test_the_stack_goes_to_ccm_only_when_it_must(arena_bytes: int, region: str, stm32f4: Board) -> None:
    assert stack_region(stm32f4, arena_bytes, 4096) == region
    script = str(firmware_files(stm32f4, arena_bytes=arena_bytes)["firmware.ld"])
    assert re.search(r"__stack_top = .;\s+} > (\w+)", script)[1] == region.upper()  # type: ignore[index]
    assert stack_region(without_ccm(stm32f4), arena_bytes, 4096) == "sram"


def test_an_arena_larger_than_the_sram(stm32f4: Board) -> None:
    with pytest.raises(
        BudgetError, match=r"131,072 bytes of SRAM, 928 too few for the activation arena \(132,000"
    ) as caught:
        firmware_files(stm32f4, arena_bytes=132_000)
    assert "prune channels" in caught.value.remedy


def test_resident_weights_count(stm32f4: Board) -> None:
    firmware_files(stm32f4, arena_bytes=100_000, resident_bytes=31_072)
    with pytest.raises(BudgetError, match=r"1 too few for the activation arena .* and resident weights \(31,073"):
        firmware_files(stm32f4, arena_bytes=100_000, resident_bytes=31_073)


def test_the_stack_counts_where_it_cannot_move(stm32f4: Board) -> None:
    check_sram(stm32f4, 131_072, 4096)
    with pytest.raises(BudgetError, match=r"4,096 too few for the activation arena .* and the stack \(4,096 bytes\)"):
        check_sram(without_ccm(stm32f4), 131_072, 4096)
    small_ccm = replace(stm32f4, memory={**stm32f4.memory, "ccm": Region(0x1000_0000, 2048)})
    with pytest.raises(BudgetError, match="and the stack"):
        check_sram(small_ccm, 131_072, 4096)
