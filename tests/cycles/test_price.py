from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinyprune.board import CORES, FlashTiming, LineCache
from tinyprune.cycles import CYCLE_MODELS, NOT_CLAIMED, Cost, CycleModel, price, total
from tinyprune.cycles.classes import CLASSES, FETCH
from tinyprune.cycles.decode import Kind
from tinyprune.emulators.counting import instruction_count
from tinyprune.emulators.run import Block, FlashMisses

FLASH = 0x0800_0000
# ldr r3, [r0], #4; ldr r4, [r1], #4; smlad r2, r3, r4, r2; subs r5, #1; bne .-14; pop {r4, pc}; adds r0, #1; bx lr
CODE = bytes.fromhex("50f8043b51f8044b23fb0422013df7d110bd01307047")
PLACES = ((0, 16), (4, 12), (16, 2), (18, 4), (8, 4))
MODEL = CYCLE_MODELS["cortex-m4f"]
TIMING = FlashTiming(5, True, LineCache(128, 8, 128), LineCache(32, 8, 32))


def code(address: int, size_bytes: int) -> bytes:
    return CODE[address - FLASH :][:size_bytes]


@st.composite
def executed_blocks(draw: st.DrawFn) -> Block:
    offset, size_bytes = draw(st.sampled_from(PLACES))
    count = draw(st.integers(1, 10**9))
    taken, entered = draw(st.integers(0, count)), draw(st.integers(0, count))
    layer = draw(st.sampled_from(["", "conv", "dense"]))
    misses = FlashMisses(*(draw(st.integers(0, count)) for _ in range(3)))
    return Block(layer, FLASH + offset, size_bytes, 0, count, taken, entered, misses)


@given(st.lists(executed_blocks()), st.sampled_from([MODEL, None]))
def test_every_grouping_adds_up_to_the_total(blocks: list[Block], model: CycleModel | None) -> None:
    spent = price(blocks, code, model, TIMING)
    alone = [price([block], code, model, TIMING).cost for block in blocks]
    by_layer, by_class = spent.by(lambda site: site.layer), spent.by(lambda site: site.kind)
    by_address = spent.by(lambda site: site.address)
    assert spent.cost == total(alone) == total(by_layer.values()) == total(by_class.values())
    assert spent.cost == total(by_address.values())
    assert set(by_class) <= {*CLASSES, FETCH} and set(by_address) <= set(range(FLASH, FLASH + len(CODE)))
    for layer, cost in by_layer.items():
        assert cost == total(one for one, block in zip(alone, blocks, strict=True) if block.layer == layer)


@given(executed_blocks())
def test_a_block_times_its_length_is_its_instructions(block: Block) -> None:
    length = instruction_count(code(block.start, block.size_bytes))
    assert price([block], code, MODEL, TIMING).cost.instructions == block.count * length


def test_every_kind_is_of_one_class() -> None:
    kinds = [kind for kinds in CLASSES.values() for kind in kinds]
    assert len(kinds) == len(set(kinds)) and set(kinds) == set(Kind)


def test_where_each_cost_stands() -> None:
    """The block of smlad: 2 loads of which the second overlaps, 1, 1, and a branch of 1 that is taken once (1 more); it
    was jumped to, at a wide instruction on a word. It waited 2 x 2 + 5 cycles for its code and 3 x 5 for its data."""
    block = Block("a", FLASH, 16, 5, 2, 1, 1, FlashMisses(2, 1, 3))
    spent = price([block], code, MODEL, TIMING)
    assert spent.by(lambda site: site.kind) == {
        "load": Cost(4, 2 * (2 + 1), 15),
        "multiply": Cost(2, 2, 0),
        "alu": Cost(2, 2, 0),
        "branch": Cost(2, 2 + 1, 0),
        "instruction fetch": Cost(0, 0, 9),
    }
    assert spent.by(lambda site: site.address)[FLASH] == Cost(2, 2 * 2, 15 + 9)


@given(executed_blocks(), st.integers(1, 1000))
def test_n_times_costs_n_times(block: Block, n: int) -> None:
    many = dataclasses.replace(
        block,
        count=block.count * n,
        taken=block.taken * n,
        entered=block.entered * n,
        misses=FlashMisses(*(n * value for value in dataclasses.astuple(block.misses or FlashMisses(0, 0, 0)))),
    )
    once = price([block], code, MODEL, TIMING).cost.cycles
    assert once is not None and price([many], code, MODEL, TIMING).cost.cycles == n * once


def test_layers_are_told_apart_in_the_same_code() -> None:
    blocks = [
        Block("a", FLASH + 16, 2, 1, 3, 3, 0),
        Block("b", FLASH + 16, 2, 1, 1, 1, 0),
        Block("a", FLASH + 18, 4, 2, 1, 1, 1),
    ]
    # pop {r4, pc} is 1 + 2, and 2 when taken; adds 1, bx 1, and 2 when taken
    cycles = price(blocks, code, MODEL, FlashTiming(0))
    by_layer = cycles.by(lambda site: site.layer)
    assert (by_layer["a"].core_cycles, by_layer["b"].core_cycles) == (3 * 5 + 4, 5)


def test_each_place_is_read_once() -> None:
    places: list[tuple[int, int]] = []

    def reading(address: int, size_bytes: int) -> bytes:
        places.append((address, size_bytes))
        return code(address, size_bytes)

    price([Block(layer, FLASH, 16, 5, 9, 8, 8) for layer in ("a", "b", "a")], reading, MODEL, TIMING)
    assert places == [(FLASH, 16)]


def test_nothing_executed_costs_nothing() -> None:
    assert price([], code, MODEL, TIMING).cost == Cost(0, 0, 0)


def test_misses_that_were_not_counted_are_not_taken_for_none() -> None:
    blocks = [Block("a", FLASH + 16, 2, 1, 1, 1, 0), Block("a", FLASH + 18, 4, 2, 1, 1, 1, FlashMisses(0, 0, 0))]
    waiting, not_waiting = (price(blocks, code, MODEL, timing).cost for timing in (TIMING, FlashTiming(0)))
    assert (waiting, waiting.cycles) == (Cost(3, 9, None), None)
    assert (not_waiting, not_waiting.cycles) == (Cost(3, 9, 0), 9)


@pytest.mark.parametrize("core", CORES)
def test_every_core_has_a_model_or_a_reason(core: str) -> None:
    assert (core in CYCLE_MODELS) != (core in NOT_CLAIMED)
    claim = CYCLE_MODELS[core].claim if core in CYCLE_MODELS else NOT_CLAIMED[core]
    assert claim and "\n" not in claim


def test_what_is_not_claimed() -> None:
    assert set(NOT_CLAIMED) == {"cortex-m7", "cortex-m55"}
    assert "+-15 %" in CYCLE_MODELS["cortex-m33"].claim
