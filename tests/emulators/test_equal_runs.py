"""The same ELF gives the same facts in every emulator that is installed: blocks, edges, outputs, UART text."""

import os
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tinyprune import board, build, emulators
from tinyprune.emulators import EMULATORS, Run
from tinyprune.emulators.run import Block
from tinyprune.errors import ToolMissingError
from tinyprune.toolchain import Elf, read_elf

DIGITS = Path(__file__).parents[1] / "data" / "digits.tflite"
STM32F4 = board.load("stm32f4")


def firmware(model: Path, folder: Path, **options: object) -> tuple[Elf, np.ndarray]:
    build(model, "stm32f4", emulator="none", output=folder, **options)  # type: ignore[arg-type]
    return read_elf(folder / "firmware.elf"), np.load(folder / "inputs.npy")


RETURN_BYTES = 2


def is_installed(name: str) -> bool:
    try:
        emulators.find(name)
    except ToolMissingError as error:
        print(f"without {name}: {error.what}")
        return False
    return True


def installed() -> list[str]:
    return [name for name in EMULATORS if is_installed(name)]


def comparable(uart: str) -> list[str]:
    """Lines that start with # depend on the clock or the emulator."""
    return [line for line in uart.splitlines() if not line.startswith("#")]


def flows(run: Run) -> list[Block]:
    """The blocks without their flash misses, which not every emulator counts."""
    return [replace(block, misses=None) for block in run.blocks]


def check_equal(elf: Elf, inputs: np.ndarray) -> dict[str, Run]:
    runs = {name: emulators.run(name, elf, STM32F4, inputs) for name in installed()}
    first = runs["unicorn"]
    for name, run in runs.items():
        print(f"{name} {run.emulator_version} ({run.counted_by}): {run.instructions} instructions")
        assert run.instructions == first.instructions > 0
        assert flows(run) == flows(first)
        assert comparable(run.uart) == comparable(first.uart)
        assert comparable(run.uart)[-1] == "tinyprune: done" and run.exit_code == 0
        assert run.stack_bytes == first.stack_bytes
        np.testing.assert_array_equal(run.outputs, first.outputs)
        assert run.layer_outputs.keys() == first.layer_outputs.keys()
        for layer, values in run.layer_outputs.items():
            np.testing.assert_array_equal(values, first.layer_outputs[layer])
    return runs


@pytest.mark.parametrize("format_name", ["dense", "csr"])
@pytest.mark.parametrize("compiler", ["gcc", "zig"])
def test_digits(format_name: str, compiler: str, tmp_path: Path) -> None:
    try:
        elf, inputs = firmware(DIGITS, tmp_path / "out", format=format_name, sparsity=0.8, toolchain=compiler)
    except ToolMissingError as error:
        pytest.skip(error.what)
    check_equal(elf, inputs)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["ad", "kws", "ic", "vww"])
def test_mlperf_models(name: str, tmp_path: Path) -> None:
    if "TINYPRUNE_MODELS" not in os.environ:
        pytest.skip("TINYPRUNE_MODELS names no folder with mlperf_tiny/*.tflite")
    model = Path(os.environ["TINYPRUNE_MODELS"]) / "mlperf_tiny" / f"{name}.tflite"
    elf, inputs = firmware(model, tmp_path / "out")
    for run in check_equal(elf, inputs).values():
        check_sums(elf, run)


def check_sums(elf: Elf, run: Run) -> None:
    """Layers, functions and blocks add up to the same, and what leaves a block enters another."""
    by_layer, by_function = Counter[str](), Counter[str]()
    functions = [(name, symbol) for name, symbol in elf.symbols.items() if symbol.kind == "function"]
    for block in run.blocks:
        end = block.start + block.size_bytes
        holders = {s.address: name for name, s in functions if s.address <= block.start and end <= s.address + s.bytes}
        assert len(holders) == 1, f"0x{block.start:08x} is in {holders}"
        by_function[holders.popitem()[1]] += block.instructions * block.count
        by_layer[block.layer] += block.instructions * block.count
    assert by_layer.total() == by_function.total() == run.instructions
    idle = {layer for layer in run.layer_outputs if elf.symbols[f"tp_layer_{layer}"].bytes == RETURN_BYTES}
    assert set(by_layer) - {""} | idle == set(
        run.layer_outputs
    )  # a compiler may see that an idle one need not be called


def check_edges(run: Run) -> None:
    """At each address, as often as a block falls through to it, a block is begun there without a jump."""
    fallen, begun = Counter[int](), Counter[int]()
    for block in run.blocks:
        fallen[block.start + block.size_bytes] += block.count - block.taken
        begun[block.start] += block.count - block.entered
        assert 0 <= block.taken <= block.count and 0 <= block.entered <= block.count
    assert +fallen == +begun
    assert sum(block.taken for block in run.blocks) == sum(block.entered for block in run.blocks)


@pytest.mark.parametrize("sparsity", [0.0, 0.5, 0.9])
def test_what_is_counted_adds_up(sparsity: float, tmp_path: Path) -> None:
    elf, inputs = firmware(DIGITS, tmp_path / "out", format="csr", sparsity=sparsity)
    for name in installed():
        run = emulators.run(name, elf, STM32F4, inputs[:1])
        check_sums(elf, run)
        check_edges(run)
