from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinyprune.board import CORES
from tinyprune.cycles import CYCLE_MODELS, Cycles, model_for, price
from tinyprune.emulators.run import Block

FLASH = 0x0800_0000
# ldr r3, [r0], #4; ldr r4, [r1], #4; smlad r2, r3, r4, r2; subs r5, #1; bne .-14; pop {r4, pc}; adds r0, #1; bx lr
CODE = bytes.fromhex("50f8043b51f8044b23fb0422013df7d110bd01307047")
PLACES = ((0, 16), (4, 12), (16, 2), (18, 4), (8, 4))
MODEL = CYCLE_MODELS["cortex-m4f"]


def code(address: int, size_bytes: int) -> bytes:
    return CODE[address - FLASH :][:size_bytes]


@st.composite
def executed_blocks(draw: st.DrawFn) -> Block:
    offset, size_bytes = draw(st.sampled_from(PLACES))
    count = draw(st.integers(1, 10**9))
    taken, entered = draw(st.integers(0, count)), draw(st.integers(0, count))
    layer = draw(st.sampled_from(["", "conv", "dense"]))
    return Block(layer, FLASH + offset, size_bytes, 0, count, taken, entered)


@given(st.lists(executed_blocks()))
def test_layers_add_up_to_the_total(blocks: list[Block]) -> None:
    cycles = price(blocks, code, MODEL)
    assert cycles.total == sum(cycles.by_layer.values()) == sum(price([block], code, MODEL).total for block in blocks)
    for layer in ("", "conv", "dense"):
        alone = price([block for block in blocks if block.layer == layer], code, MODEL)
        assert cycles.by_layer.get(layer, 0) == alone.total


@given(executed_blocks(), st.integers(1, 1000))
def test_n_times_costs_n_times(block: Block, n: int) -> None:
    many = dataclasses.replace(block, count=block.count * n, taken=block.taken * n, entered=block.entered * n)
    assert price([many], code, MODEL).total == n * price([block], code, MODEL).total


def test_layers_are_told_apart_in_the_same_code() -> None:
    blocks = [
        Block("a", FLASH + 16, 2, 1, 3, 3, 0),
        Block("b", FLASH + 16, 2, 1, 1, 1, 0),
        Block("a", FLASH + 18, 4, 2, 1, 1, 1),
    ]
    # pop {r4, pc} is 1 + 2, and 2 when taken; adds 1, bx 1, and 2 when taken
    assert price(blocks, code, MODEL) == Cycles({"a": 3 * 5 + 4, "b": 5})


def test_each_place_is_read_once() -> None:
    places: list[tuple[int, int]] = []

    def reading(address: int, size_bytes: int) -> bytes:
        places.append((address, size_bytes))
        return code(address, size_bytes)

    price([Block(layer, FLASH, 16, 5, 9, 8, 8) for layer in ("a", "b", "a")], reading, MODEL)
    assert places == [(FLASH, 16)]


def test_nothing_executed_costs_nothing() -> None:
    assert price([], code, MODEL).total == 0


@pytest.mark.parametrize("core", CORES)
def test_cores_that_have_a_model(core: str) -> None:
    assert model_for(core) is CYCLE_MODELS[core]


def test_no_cycles_are_claimed_for_a_core_without_a_model() -> None:
    assert model_for("cortex-m7") is None
