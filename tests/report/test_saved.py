"""What `report.json` holds becomes the same report again; what another version wrote is refused."""

import dataclasses
import html
import json
from pathlib import Path

import pytest

import tinyprune
from tinyprune.errors import TinypruneError
from tinyprune.report.html import report_page
from tinyprune.report.saved import saved_report
from tinyprune.report.terminal import print_report

DIGITS = Path(__file__).parents[1] / "data" / "digits.tflite"


@pytest.mark.parametrize("emulator", ["unicorn", "none"])
def test_there_and_back(emulator: str, tmp_path: Path) -> None:
    report = tinyprune.build(DIGITS, "stm32f4", emulator=emulator, output=tmp_path / "out")
    again = saved_report(json.loads((tmp_path / "out" / "report.json").read_text()))
    assert again == report
    assert isinstance(again.memory_plan.blocks, tuple) and dataclasses.is_dataclass(again.memory_plan.blocks[0])

    document = json.loads(report.to_json())
    del document["layers"][0]["macs"]
    with pytest.raises(TinypruneError, match=f"written by tinyprune {tinyprune.__version__}.*'macs'"):
        saved_report(document)


def test_the_plan_and_the_bounds_are_those_of_the_graph_and_the_board(tmp_path: Path) -> None:
    report = tinyprune.build(DIGITS, "stm32f4", emulator="none", output=tmp_path / "out")
    plan, layers = report.memory_plan, report.layers
    assert plan.bytes == report.sram.arena + report.sram.scratch
    assert max(block.offset + block.bytes for block in plan.blocks) <= plan.bytes
    assert max(layer.alive_bytes for layer in layers) <= plan.bytes
    assert [block.first for block in plan.blocks if block.kind == "activation"] == [-1, *range(len(layers))]
    scratch = {block.name: block.bytes for block in plan.blocks if block.kind == "scratch"}
    assert scratch == {layer.name: layer.scratch_bytes for layer in layers if layer.scratch_bytes}
    assert plan.blocks[0].last == 0 and max(block.last for block in plan.blocks) == len(layers)
    hardware = report.hardware  # DS8626 and RM0090: 1 MB, 128 KB, 16-byte lines after 5 wait states
    assert (hardware.core, hardware.flash_bytes, hardware.sram_bytes) == ("cortex-m4f", 1 << 20, 1 << 17)
    assert (hardware.macs_per_cycle, hardware.weight_bytes_per_cycle) == (2, round(16 / 6, 4))


def test_what_keeps_a_layer_from_faster_kernels_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = tinyprune.build(DIGITS, "stm32f4", emulator="none", output=tmp_path / "out")
    slow = dataclasses.replace(report.layers[0], refused={"tp_fast_s8": "an accumulator may reach 9, beyond 2^3"})
    slower = dataclasses.replace(report, layers=(slow, *report.layers[1:]))
    print_report(slower, tmp_path, verbose=True)
    line = f"{slow.name} not in tp_fast_s8: an accumulator may reach 9, beyond 2^3"
    assert line in capsys.readouterr().out
    assert line.removeprefix(f"{slow.name} ") in html.unescape(report_page(json.loads(slower.to_json()), {}))
