"""Spans of any image, and the tables of a profile: whatever they group by, they add up to the same."""

from __future__ import annotations

import dataclasses
import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from tinyprune import board, emulators, profile
from tinyprune.cycles import Cost, total
from tinyprune.emulators import EMULATORS, EmulationError, Emulator, faults, unicorn
from tinyprune.emulators.counting import instruction_count
from tinyprune.errors import TinypruneError, ToolMissingError
from tinyprune.profiling.profile import Profile


def figures(costs: dict[str, Cost]) -> Cost:
    return total(costs.values())


def check_sums(one: Profile) -> None:
    """Layers, functions, classes and blocks add up to the same; and blocks times their lengths are the instructions."""
    assert figures(one.functions) == figures(one.classes) == one.total
    assert not one.layers or figures(one.layers) == one.total
    counted = sum(block.count * instruction_count(one.elf.read(block.start, block.size_bytes)) for block in one.blocks)
    assert counted == sum(block.count * block.instructions for block in one.blocks) == one.total.instructions > 0
    timing, misses = one.board.flash_timing, [block.misses for block in one.blocks if block.misses]
    waits = sum(timing.wait_states * (miss.jumped + miss.data) for miss in misses)
    sequential = sum(miss.sequential for miss in misses)
    assert one.total.flash_stalls is not None
    assert waits <= one.total.flash_stalls <= waits + timing.wait_states * sequential


def test_a_build_directory(ours: Path) -> None:
    one = profile(ours)
    check_sums(one)
    assert one.span == "tp_invoke to its return" and one.board.name == "stm32f4"
    assert next(iter(one.layers)) == "conv2d_0" and list(one.layers)[-1] == ""
    assert {"load", "store", "multiply", "alu", "branch"} <= one.classes.keys()
    assert one.classes["instruction fetch"].instructions == 0


def test_an_image_of_others(theirs: Path) -> None:
    one = profile(theirs, "stm32f4")
    check_sums(one)
    assert one.span == "main to its return" and one.layers == {}
    assert next(iter(one.functions)) == "triangle" and "main" in one.functions
    assert "never" not in one.functions and "reset" not in one.functions


def test_the_first_call_and_all_between_two_symbols(theirs: Path) -> None:
    whole, first = (profile(theirs, "stm32f4", begin=name) for name in ("main", "triangle"))
    assert set(first.functions) == {"triangle"}
    before = profile(theirs, "stm32f4", begin="reset", end="triangle")
    assert set(before.functions) == {"reset", "main"}
    assert before.functions["main"].instructions < whole.functions["main"].instructions
    assert whole.functions["triangle"].instructions > 3 * first.total.instructions  # of n = 3, 4 and 5


def test_a_function_that_nobody_calls(theirs: Path) -> None:
    called = profile(theirs, "stm32f4", function="seven")
    assert called.span == "one call of seven" and set(called.functions) == {"seven"}
    assert called.classes["load"].instructions >= 2


def test_without_main_segments_are_put_in_place(theirs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    booted = profile(theirs, "stm32f4", function="seven")
    monkeypatch.setattr(unicorn, "BOOTED", "no such name")
    assert profile(theirs, "stm32f4", function="seven").total == booted.total


def test_a_core_without_a_model_has_instructions_alone(theirs: Path, tmp_path: Path) -> None:
    toml = board.load("stm32f4").toml.replace('"cortex-m4f"', '"cortex-m7"')
    (tmp_path / "m7.toml").write_text(toml)
    one = profile(theirs, str(tmp_path / "m7.toml"))
    assert one.total == Cost(one.total.instructions, None, None)
    assert one.total.instructions == profile(theirs, "stm32f4").total.instructions
    assert one.cycle_model is None and "none claimed" in one.claim and figures(one.classes) == one.total


SPANS: dict[str, dict[str, str]] = {
    "main": {},
    "first call": {"begin": "triangle"},
    "between": {"begin": "reset", "end": "triangle"},
}


@pytest.mark.parametrize("span", SPANS)
@pytest.mark.parametrize("name", [name for name in EMULATORS if name != "unicorn"])
def test_every_emulator_counts_the_same(name: str, span: str, theirs: Path) -> None:
    emulator = emulator_or_skip(name)
    if emulator.count is None:
        pytest.skip(f"{name} counts whole runs alone")
    first, other = (profile(theirs, "stm32f4", emulator=one, **SPANS[span]) for one in ("unicorn", name))
    assert [dataclasses.replace(block, misses=None) for block in first.blocks] == list(other.blocks)
    assert other.total == Cost(first.total.instructions, first.total.core_cycles, None)
    assert other.functions.keys() == first.functions.keys()


@pytest.mark.parametrize("name", EMULATORS)
def test_every_emulator_says_what_is_never_reached(name: str, theirs: Path) -> None:
    if emulator_or_skip(name).count is None:
        pytest.skip(f"{name} counts whole runs alone")
    refused("never gets to never", target=theirs, board="stm32f4", begin="never", emulator=name)
    refused("never gets to never", target=theirs, board="stm32f4", begin="main", end="never", emulator=name)


def test_qemu_calls_nothing(theirs: Path) -> None:
    emulator_or_skip("qemu")
    with pytest.raises(EmulationError, match="qemu calls no functions"):
        profile(theirs, "stm32f4", function="seven", emulator="qemu")


def emulator_or_skip(name: str) -> Emulator:
    try:
        return emulators.find(name)
    except ToolMissingError as error:
        pytest.skip(error.what)


def refused(*parts: str, **options: object) -> None:
    with pytest.raises(TinypruneError) as caught:
        profile(**options)  # type: ignore[arg-type]
    for part in parts:
        assert part in str(caught.value)


def test_what_is_refused(theirs: Path, tmp_path: Path) -> None:
    refused("unknown symbol 'triangel'", "did you mean triangle", target=theirs, board="stm32f4", begin="triangel")
    refused("unknown symbol 'sink'", target=theirs, board="stm32f4", function="sink")
    refused("--begin", target=theirs, board="stm32f4", end="main")
    refused("the same address", target=theirs, board="stm32f4", begin="main", end="main")
    refused("excludes", target=theirs, board="stm32f4", begin="main", function="main")
    refused("--board", target=theirs)
    refused("no image or build directory", target=tmp_path / "none.elf", board="stm32f4")
    refused("not a tinyprune build directory", target=tmp_path)
    refused("qemu", "unicorn", target=theirs, board="stm32f4", emulator="qemuu")


def test_images_that_are_none(theirs: Path, tmp_path: Path) -> None:
    (tmp_path / "text.elf").write_text("no image")
    refused("not an ELF file", ".bin", target=tmp_path / "text.elf", board="stm32f4")
    content = bytearray(theirs.read_bytes())
    struct.pack_into("<H", content, 18, 62)  # e_machine: x86-64
    (tmp_path / "x86.elf").write_bytes(content)
    refused("not for Arm", "EM_X86_64", target=tmp_path / "x86.elf", board="stm32f4")
    struct.pack_into("<H", content, 18, 40)
    struct.pack_into("<H", content, 16, 1)  # e_type: relocatable
    (tmp_path / "object.elf").write_bytes(content)
    refused("not linked", target=tmp_path / "object.elf", board="stm32f4")


def test_another_profile_of_the_architecture(theirs: Path, tmp_path: Path) -> None:
    content = theirs.read_bytes()
    attribute = b"\x07M"  # Tag_CPU_arch_profile
    start = content.index(b"aeabi\0")
    place = content.index(attribute, start)
    (tmp_path / "a.elf").write_bytes(content[:place] + b"\x07A" + content[place + 2 :])
    refused("not for a Cortex-M", target=tmp_path / "a.elf", board="stm32f4")


def test_a_stripped_image(theirs: Path, tmp_path: Path) -> None:
    if not (strip := shutil.which("arm-none-eabi-strip")):
        pytest.skip("arm-none-eabi-strip is not on PATH")
    subprocess.run([strip, str(theirs), "-o", str(tmp_path / "stripped.elf")], check=True)
    refused("no symbols", "strip", target=tmp_path / "stripped.elf", board="stm32f4")


def test_an_image_for_another_board(theirs: Path, tmp_path: Path) -> None:
    toml = board.load("stm32f4").toml.replace("0x2000_0000", "0x3000_0000")
    (tmp_path / "other.toml").write_text(toml)
    refused(".data", "0x20000000", "outside the memories of other", target=theirs, board=str(tmp_path / "other.toml"))


def test_what_does_not_end(theirs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unicorn.Machine.go, "__defaults__", (0.3, faults.END))
    with pytest.raises(EmulationError, match=r"in forever: it did not get through one call of forever within 0\.3 s"):
        profile(theirs, "stm32f4", function="forever")


def test_a_function_that_wants_arguments(theirs: Path) -> None:
    with pytest.raises(EmulationError, match="in first: read of 0x00000000, a null pointer") as caught:
        profile(theirs, "stm32f4", function="first")
    assert "--begin first" in caught.value.remedy


def test_the_report_holds_the_same_tables(ours: Path) -> None:
    from tinyprune.directory import read_report
    from tinyprune.profiling.profile import rows

    one, report = profile(ours), read_report(ours)
    assert report["functions"] == rows(one.functions) and report["classes"] == rows(one.classes)
    assert report["cycles"] == one.total.cycles and report["cycle_model"]["claim"] == one.claim
    by_layer = {layer["name"]: layer["cycles"] for layer in report["layers"]}
    assert by_layer == {name: cost.cycles for name, cost in one.layers.items() if name}
    assert dataclasses.asdict(one.total)["instructions"] == report["instructions"]
