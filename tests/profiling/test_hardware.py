"""A log of the board's UART beside the model: here that of the emulated firmware, with altered numbers."""

from __future__ import annotations

import os
import re
import threading
import time
from pathlib import Path

import pytest

from tinyprune import board, emulators, profile
from tinyprune.errors import TinypruneError, ToolMissingError
from tinyprune.profiling import hardware
from tinyprune.saved_builds import checked_inputs
from tinyprune.toolchain import read_elf


@pytest.fixture(scope="module")
def emulated(ours: Path) -> str:
    """What the firmware prints, with 0 where a board has cycles."""
    elf, inputs = read_elf(ours / "firmware.elf"), checked_inputs(ours)
    return emulators.run("unicorn", elf, board.load("stm32f4"), inputs[:1]).uart


def logged(emulated: str, cycles: dict[str, int]) -> str:
    """As a board would print it that takes `cycles` a layer."""
    for name, value in {**cycles, "total": sum(cycles.values())}.items():
        emulated, found = re.subn(rf"^(#dwt .*{name}) 0$", rf"\1 {value}", emulated, flags=re.MULTILINE)
        assert found == 1
    return emulated


def layers(ours: Path) -> dict[str, int]:
    return {name: cost.cycles or 0 for name, cost in profile(ours).layers.items() if name}


def test_measured_beside_predicted(ours: Path, emulated: str) -> None:
    predicted = layers(ours)
    measured = {name: cycles + 100 * i for i, (name, cycles) in enumerate(predicted.items())}
    result = hardware.compare(profile(ours), logged(emulated, measured))
    assert {row.name: row.measured for row in result.layers} == measured
    assert {row.name: row.predicted for row in result.layers} == predicted
    assert result.layers[0].error == 0.0 and all(row.error < 0 for row in result.layers[1:])
    assert result.total.error == pytest.approx(sum(predicted.values()) / sum(measured.values()) - 1)


def test_a_log_as_terminals_write_it(ours: Path, emulated: str) -> None:
    """With time stamps, with other line ends, with what was left of the run before, and with one that came after."""
    first, second = ({name: value + n for name, value in layers(ours).items()} for n in (10, 20))
    text = "layer_x 17\n#dwt total 5\n" + logged(emulated, first) + logged(emulated, second)
    text += "#dwt 0 conv2d_0 99\n"
    stamped = "\r\n".join(f"[12:00:{i % 60:02}.123] {line}" for i, line in enumerate(text.splitlines()))
    assert hardware.measured_layers(stamped) == second


def test_what_is_no_log_of_this_firmware(ours: Path, emulated: str) -> None:
    one = profile(ours)
    with pytest.raises(TinypruneError, match="not tp_layer_conv2d_1 to its return"):
        hardware.compare(profile(ours, begin="tp_layer_conv2d_1"), emulated)
    with pytest.raises(TinypruneError, match="no whole run"):
        hardware.compare(one, "nothing\n")
    with pytest.raises(TinypruneError, match="layers of 0 cycles"):
        hardware.compare(one, emulated)
    other = logged(emulated, dict.fromkeys(layers(ours), 7)).replace("conv2d_1", "conv2d_x")
    with pytest.raises(TinypruneError, match="another firmware"):
        hardware.compare(one, other)
    lost = re.sub(r"^#dwt 1 .*\n", "", logged(emulated, dict.fromkeys(layers(ours), 7)), flags=re.MULTILINE)
    with pytest.raises(TinypruneError, match="no whole run"):
        hardware.compare(one, lost)
    with pytest.raises(TinypruneError, match=r"cannot read .*none\.txt"):
        hardware.read_log(ours / "none.txt")


def test_a_serial_port(ours: Path, emulated: str) -> None:
    pytest.importorskip("serial")
    if not hasattr(os, "openpty"):
        pytest.skip("this system has no pseudo-terminals")
    text = logged(emulated, layers(ours))
    master, slave = os.openpty()

    def talk() -> None:
        time.sleep(0.2)
        os.write(master, b"noise " + text.encode())

    speaker = threading.Thread(target=talk)
    speaker.start()
    try:
        heard = hardware.read_serial(os.ttyname(slave), 115_200)
    finally:
        speaker.join()
        os.close(master)
        os.close(slave)
    assert all(row.error == 0 for row in hardware.compare(profile(ours), heard).layers)


def test_a_port_that_is_silent_or_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TinypruneError, match="COM1 said nothing more"):
        hardware._until_done([b"tinyprune: model x\n"], "COM1")
    monkeypatch.setitem(__import__("sys").modules, "serial", None)
    with pytest.raises(ToolMissingError) as caught:
        hardware.read_serial("COM1", 115_200)
    assert "tinyprune[serial]" in caught.value.remedy
