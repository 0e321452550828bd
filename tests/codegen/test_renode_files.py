"""The platform holds what the board file says, and every address is either in it or in a gap."""

import re
from dataclasses import replace

import numpy as np
import pytest

from tinyprune import board
from tinyprune.board import Board, Region
from tinyprune.codegen import renode

BOARDS = [board.load(name) for name in board.names()]


def regions(platform: str) -> list[Region]:
    """What the description registers on the bus; the NVIC, whose size Renode knows, has a page."""
    found: list[Region] = []
    for place, entry in re.findall(r"@ sysbus (0x\w+)\n((?:    .*\n|READY.*\n)*)", platform):
        size = re.search(r"size: (0x\w+)", entry)
        found.append(Region(int(place, 16), int(size[1], 16) if size else 0x1000 if "priorityMask" in entry else 4))
    return sorted(found, key=lambda region: region.origin)


@pytest.mark.parametrize("target", BOARDS, ids=lambda b: b.name)
def test_addresses_are_covered_once(target: Board) -> None:
    everything = sorted([*regions(renode.platform(target)), *renode.gaps(target)], key=lambda region: region.origin)
    position = 0
    for region in everything:
        assert region.origin == position
        position = region.end
    assert position == 1 << 32


@pytest.mark.parametrize("target", BOARDS, ids=lambda b: b.name)
def test_the_platform_is_the_board(target: Board) -> None:
    platform = renode.platform(target)
    assert set(target.memory.values()) <= set(regions(platform))
    assert f"PerformanceInMips: {target.clock_hz // 1_000_000}\n" in platform
    for register in target.registers:
        assert f"0x{register.address:08X}: 0x{register.reads_set:X}" in platform


def test_no_files_for_a_core_that_renode_lacks() -> None:
    other = replace(BOARDS[0], core="cortex-a9")
    assert renode.renode_files(other, None, np.zeros(1, np.int8)) == {}  # type: ignore[arg-type]
