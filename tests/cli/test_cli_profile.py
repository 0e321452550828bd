"""`tinyprune profile` as a user types it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from test_cli import DIGITS, assert_one_clear_error, tinyprune


@pytest.fixture(scope="module")
def firmware(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("profiled")
    result = tinyprune(folder, "build", DIGITS, "--board", "stm32f4", "--emulator", "none", "-o", "out")
    assert result.returncode == 0, result.stderr
    return folder / "out"


def test_tables(firmware: Path, tmp_path: Path) -> None:
    result = tinyprune(tmp_path, "profile", str(firmware))
    assert result.returncode == 0, result.stderr
    for part in ("conv2d_0", "tp_invoke", "instruction fetch", "DDI0439D", "firmware.elf on stm32f4"):
        assert part in result.stdout
    assert (firmware / "callgrind.out.firmware").is_file() and (firmware / "firmware.speedscope.json").is_file()


def test_any_image_and_json(firmware: Path, tmp_path: Path) -> None:
    command = ["profile", str(firmware / "firmware.elf"), "--board", "stm32f4", "--begin", "tp_layer_dense_7"]
    result = tinyprune(tmp_path, *command, "--json", "-o", "files")
    document = json.loads(result.stdout)
    assert document["span"] == "tp_layer_dense_7 to its return" and document["measured"] is None
    assert [row["name"] for row in document["layers"]] == ["dense_7"]
    for table in ("layers", "functions", "classes"):
        assert sum(row["cycles"] for row in document[table]) == document["cycles"]
    assert {file.name for file in (tmp_path / "files").iterdir()} == {
        "callgrind.out.firmware",
        "firmware.speedscope.json",
    }


def test_a_log(firmware: Path, tmp_path: Path) -> None:
    predicted = json.loads(tinyprune(tmp_path, "profile", str(firmware), "--json").stdout)["layers"]
    lines = [f"#dwt {i} {row['name']} {2 * row['cycles']}" for i, row in enumerate(predicted) if row["name"]]
    total = sum(2 * row["cycles"] for row in predicted if row["name"])
    (tmp_path / "uart.txt").write_text("\n".join([*lines, f"#dwt total {total}", ""]))
    result = tinyprune(tmp_path, "profile", str(firmware), "--from-log", "uart.txt")
    assert result.stdout.count("-50.0%") == len(lines) + 1, result.stdout
    rows = json.loads(tinyprune(tmp_path, "profile", str(firmware), "--from-log", "uart.txt", "--json").stdout)
    assert {row["error"] for row in rows["measured"]} == {-0.5}
    assert rows["measured"][-1] == {"name": "total", "predicted": total // 2, "measured": total, "error": -0.5}


def test_errors_are_clear(firmware: Path, tmp_path: Path) -> None:
    assert_one_clear_error(tinyprune(tmp_path, "profile", "none.elf", "--board", "stm32f4"), "none.elf")
    assert_one_clear_error(
        tinyprune(tmp_path, "profile", str(firmware), "--begin", "tp_invoek"), "tp_invoek", "did you mean tp_invoke"
    )
    assert_one_clear_error(tinyprune(tmp_path, "profile", str(firmware), "--from-log", "no.txt"), "no.txt")
