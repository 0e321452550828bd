"""The block counter in Python defines what is counted; the one in C counts the same."""

import shutil
from pathlib import Path

import pytest
from unicorn import arm_const

from tinyprune import board, build
from tinyprune.emulators import host_library, native
from tinyprune.emulators.counting import Place, PythonCounter, Tally, instruction_count, joined
from tinyprune.emulators.machine import Machine
from tinyprune.emulators.native import NativeCounter
from tinyprune.toolchain import Elf, read_elf
from tinyprune.toolchain.elf import Segment

DIGITS = Path(__file__).parents[1] / "data" / "digits.tflite"


@pytest.fixture(scope="module")
def elf(tmp_path_factory: pytest.TempPathFactory) -> Elf:
    folder = tmp_path_factory.mktemp("counting") / "out"
    build(DIGITS, "stm32f4", sparsity=0.8, emulator="none", output=folder)
    return read_elf(folder / "firmware.elf")


def counted(elf: Elf, kind: str) -> dict[Place, Tally]:
    machine = Machine(elf, board.load("stm32f4"))
    machine.go(elf.symbols["tp_invoke"].address)
    stop_at = machine.register(arm_const.UC_ARM_REG_LR) & ~1
    counter = PythonCounter(machine) if kind == "python" else NativeCounter(machine, native.load())
    counter.attach()
    machine.go(stop_at)
    return counter.detach()


def test_the_native_counter_counts_what_the_python_one_counts(elf: Elf) -> None:
    if native.load() is None:
        pytest.skip("no compiler for this machine")
    assert counted(elf, "native") == counted(elf, "python")


def test_every_edge_that_leaves_a_block_enters_another(elf: Elf) -> None:
    tallies = counted(elf, "python").values()
    assert sum(tally.taken for tally in tallies) == sum(tally.entered for tally in tallies)
    assert all(0 <= tally.entered <= tally.count and 0 <= tally.taken <= tally.count for tally in tallies)


def test_without_a_compiler_there_is_no_native_counter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setattr(host_library.importlib.util, "find_spec", lambda name: None)
    assert native.load.__wrapped__() is None


def test_instruction_count() -> None:
    assert instruction_count(bytes.fromhex("00bf 00bf")) == 2  # nop; nop
    assert instruction_count(bytes.fromhex("00bf aff30080")) == 2  # nop; nop.w


def test_what_runs_in_one_go_is_one_block() -> None:
    cut = {
        ("a", 100, 4): Tally(7, 0, 2),
        ("a", 104, 8): Tally(7, 0, 0),
        ("a", 112, 2): Tally(7, 3, 0),  # left by a jump
        ("a", 114, 2): Tally(4, 0, 0),
        ("a", 116, 2): Tally(5, 5, 1),  # jumped to
        ("b", 116, 2): Tally(4, 4, 0),  # another layer's
    }
    kept = {place: tally for place, tally in cut.items() if place[1] >= 114}
    assert joined(cut) == {("a", 100, 14): Tally(7, 3, 2), **kept}


# movs r0, #0; cmp r0, #0; ite eq; ldreq r1, [r2]; ldrne r1, [r3]; b 1f; nop; 1: movs r4, #1; movs r5, #2; movs r6, #3
LOADS_IN_AN_IT_BLOCK = bytes.fromhex("0020 0028 0cbf 1168 1968 00e0 00bf 0124 0225 0326 00bf")


@pytest.mark.parametrize("kind", ["python", "native"])
@pytest.mark.parametrize("other_way", [False, True])
def test_counting_loads_of_an_it_block_does_not_change_what_runs_after_it(kind: str, other_way: bool) -> None:
    target = board.load("nucleo-l4r5zi")
    start = target.flash.origin
    code = bytes([other_way]) + LOADS_IN_AN_IT_BLOCK[1:]
    machine = Machine(Elf(Path("it.elf"), start, {}, {}, (Segment(start, start, code),), "", "", ()), target)
    for pointer in (arm_const.UC_ARM_REG_R2, arm_const.UC_ARM_REG_R3):
        machine.core.reg_write(pointer, start)
    library = native.load()
    if kind == "native" and library is None:
        pytest.skip("no compiler for this machine")
    counter = NativeCounter(machine, library) if kind == "native" else PythonCounter(machine)
    counter.attach()
    machine.go(start + len(code) - 2)
    loads = [tally.flash and tally.flash[2] for tally in counter.detach().values()]
    assert loads == [1, 0]
    registers = (arm_const.UC_ARM_REG_R4, arm_const.UC_ARM_REG_R5, arm_const.UC_ARM_REG_R6)
    assert [machine.register(register) for register in registers] == [1, 2, 3]
