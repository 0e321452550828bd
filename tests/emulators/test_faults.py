"""A firmware that goes wrong ends in one clear error, the same in each emulator: what, function, layer, address."""

import re
from pathlib import Path

import numpy as np
import pytest
from fake_firmware import fake_files

from tinyprune import board, toolchain
from tinyprune.emulators import EmulationError, Emulator
from tinyprune.toolchain import Elf

STM32F4 = board.load("stm32f4")
SAMPLE = np.array([[1, -2, 3, 4, -5, 6, 7, 8]], np.int8)
FAULTS = {
    "a stack overflow": (
        "static volatile int depth; volatile int8_t big[100]; big[depth++ % 100] = 1; if (depth) { broken(); }"
        "tp_output[0] = (int8_t)big[1];",
        "stack overflow",
    ),
    "a stack overflow in one step": (
        'char big[16384]; (void)memset(big, 1, sizeof big); __asm__ volatile("" ::"r"(big) : "memory");',
        "stack overflow",
    ),
    "a write through a null pointer": (
        "static int *volatile null; *(volatile int *)null = 1;",
        r"(access|write|read) .*0x00000000, a null pointer",
    ),
    "a read far behind a null pointer": (
        "static char *volatile null; (void)((volatile char *)null)[4000];",
        r"(access|write|read) .*0x00000fa0, a null pointer",
    ),
    "a jump to 0": ("static void (*volatile nowhere)(void); nowhere(); tp_output[0] = 1;", "jump to"),
    "an undefined instruction": ('__asm__ volatile("udf #0");', "undefined instruction"),
    "an endless loop": (
        "for (;;) { tp_output[0]++; }",
        r"it did not end within (8 s|400,000,000 instructions) \(an endless loop",  # of wall time, or of Renode's
    ),
}


def firmware(body: str, folder: Path) -> Elf:
    """`body` is that of a function that the layer `spread` calls."""
    files = fake_files(STM32F4)
    kernel = f"static void broken(void);\n__attribute__((noinline)) static void broken(void) {{ {body} }}\n"
    code = str(files["model/model.c"]).replace("#define LAYER", f"{kernel}#define LAYER")
    files["model/model.c"] = code.replace("tp_input[0] = 99;", "tp_input[0] = 99; broken(); tp_arena[0] = 1;")
    return toolchain.build(files, STM32F4, toolchain.find(), folder)


@pytest.mark.parametrize(
    "fault", [pytest.param(f, marks=pytest.mark.slow) if f == "an endless loop" else f for f in FAULTS]
)
def test_a_fault_is_one_clear_error(fault: str, emulator: Emulator, tmp_path: Path) -> None:
    body, cause = FAULTS[fault]
    elf = firmware(body, tmp_path)
    with pytest.raises(EmulationError) as caught:
        emulator.run(elf, STM32F4, SAMPLE)
    assert re.search(rf"in broken in layer spread: .*{cause}", caught.value.what), caught.value.what
    assert re.search(r"0x[0-9a-f]{8}", caught.value.what)
    print(caught.value.what)


def test_a_fault_that_only_a_later_input_brings(emulator: Emulator, tmp_path: Path) -> None:
    elf = firmware('if (tp_input[1] == 77) { __asm__ volatile("udf #0"); }', tmp_path)
    assert emulator.run(elf, STM32F4, SAMPLE).exit_code == 0
    later = SAMPLE.copy()
    later[0, 1] = 77
    with pytest.raises(EmulationError, match="in broken in layer spread: undefined instruction"):
        emulator.run(elf, STM32F4, np.concatenate([SAMPLE, later]))


@pytest.mark.slow
def test_an_endless_loop_that_only_a_later_input_brings(emulator: Emulator, tmp_path: Path) -> None:
    elf = firmware("while (tp_input[1] == 77) { tp_output[0]++; }", tmp_path)
    later = SAMPLE.copy()
    later[0, 1] = 77
    with pytest.raises(EmulationError, match="in broken in layer spread: it did not end"):
        emulator.run(elf, STM32F4, np.concatenate([SAMPLE, later]))
