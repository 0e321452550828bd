"""A model that remembers, in the emulator: from boot, after tp_reset, and over a sequence."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from stateful_file import StatefulFile, lstm_graph, svdf_graph

import tinyprune
from tinyprune import board as boards
from tinyprune import reference
from tinyprune.emulators.machine import Machine
from tinyprune.frontend.tflite_import import import_tflite
from tinyprune.ir import Graph, Int8
from tinyprune.toolchain import read_elf

END = 0xFFFF_FFFE
GRAPHS = {"lstm": lstm_graph(), "svdf": svdf_graph()}
TOOLCHAINS = [
    pytest.param(
        "gcc",
        marks=pytest.mark.skipif(not shutil.which("arm-none-eabi-gcc"), reason="arm-none-eabi-gcc is not on PATH"),
    ),
    "zig",
]


def sequence(graph: Graph) -> Int8:
    (name,) = graph.inputs
    return np.random.default_rng(2).integers(-128, 128, (4, *graph.tensors[name].shape[1:]), np.int8)


def carried_on(graph: Graph, inputs: Int8) -> list[bytes]:
    states, outputs = reference.initial_states(graph, 1), list[bytes]()
    for one in inputs:
        values, states = reference.resume(graph, one[np.newaxis], states)
        outputs.append(values[graph.outputs[0]].tobytes())
    return outputs


class Firmware:
    """Booted and run to its end; then the model's functions are called as a user's program would."""

    def __init__(self, folder: Path) -> None:
        self.machine = Machine(read_elf(folder / "firmware.elf"), boards.load("stm32f4"))
        self.symbols = self.machine.elf.symbols
        self.machine.go(END)

    def reset(self) -> None:
        self.machine.call(self.symbols["tp_reset"].address)

    def invoke(self, one: Int8) -> bytes:
        self.machine.write(self.symbols["tp_input"].address, one.tobytes())
        self.machine.call(self.symbols["tp_invoke"].address)
        return self.read("tp_output")

    def read(self, symbol: str) -> bytes:
        return self.machine.read(self.symbols[symbol].address, self.symbols[symbol].bytes)


@pytest.mark.parametrize("toolchain", TOOLCHAINS)
@pytest.mark.parametrize("kind", GRAPHS)
def test_firmware(kind: str, toolchain: str, tmp_path: Path) -> None:
    content = StatefulFile(GRAPHS[kind]).content()
    (tmp_path / "model.tflite").write_bytes(content)
    built = tmp_path / "built"
    report = tinyprune.build(tmp_path / "model.tflite", "stm32f4", toolchain=toolchain, output=built)
    assert report.bit_exact  # the first input from boot, the others after a reset
    assert report.sram.state == {"lstm": 12, "svdf": 24}[kind]
    graph = import_tflite(content, "model")
    inputs = sequence(graph)
    firmware = Firmware(built)
    for _ in range(2):
        firmware.reset()
        assert [firmware.invoke(one) for one in inputs] == carried_on(graph, inputs)


def test_a_copy_of_the_state_goes_on_with_its_sequence(tmp_path: Path) -> None:
    content = StatefulFile(GRAPHS["lstm"]).content()
    (tmp_path / "model.tflite").write_bytes(content)
    built = tmp_path / "built"
    tinyprune.build(tmp_path / "model.tflite", "stm32f4", output=built)
    graph = import_tflite(content, "model")
    inputs = sequence(graph)
    firmware = Firmware(built)
    firmware.reset()
    firmware.invoke(inputs[0])
    kept = firmware.read("tp_state")
    firmware.invoke(inputs[3])
    firmware.machine.write(firmware.symbols["tp_state"].address, kept)
    assert firmware.invoke(inputs[1]) == carried_on(graph, inputs)[1]


def test_the_header_tells_how_to_reset(tmp_path: Path) -> None:
    (tmp_path / "model.tflite").write_bytes(StatefulFile(GRAPHS["lstm"]).content())
    tinyprune.build(tmp_path / "model.tflite", "stm32f4", emulator="none", output=tmp_path / "built")
    header = (tmp_path / "built" / "model.h").read_text()
    assert "Call tp_reset\n * where a new sequence begins" in header
    assert "int8_t lstm_0_hidden[4];\n    int16_t lstm_0_cell[4];\n} tp_states;" in header
