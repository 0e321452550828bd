"""`tinyprune check`, as CI runs it: exit code 0, 1 where a build costs too much, 2 for a mistake."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

import tinyprune
from tinyprune.cli import app
from tinyprune.errors import TinypruneError

DIGITS = Path(__file__).parents[1] / "data" / "digits.tflite"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built") / "out"
    tinyprune.build(DIGITS, "stm32f4", sparsity=0.8, format="csr", output=folder)
    return folder


@pytest.fixture
def folder(built: Path, tmp_path: Path) -> Path:
    """A copy of the build, beside its baseline."""
    shutil.copytree(built, tmp_path / "out")
    assert check(tmp_path / "out", "--write-baseline").exit_code == 0
    return tmp_path / "out"


def check(directory: Path, *options: str) -> Result:
    return CliRunner().invoke(app, ["check", str(directory), "--baseline", str(baseline(directory)), *options])


def baseline(directory: Path) -> Path:
    return directory.parent / "baseline.json"


def change(file: Path, **changes: Any) -> None:
    """Changes fields of a JSON document; of an object the fields that are named."""
    document = json.loads(file.read_text())
    for name, value in changes.items():
        document[name] = {**document[name], **value} if isinstance(value, dict) else value
    file.write_text(json.dumps(document))


def more_cycles(directory: Path, share: float) -> int:
    cycles = json.loads((directory / "report.json").read_text())["cycles"]
    change(directory / "report.json", cycles=int(cycles * (1 + share)))
    return cycles


def test_the_baseline_holds_the_figures_of_the_report(folder: Path) -> None:
    report = json.loads((folder / "report.json").read_text())
    document = json.loads(baseline(folder).read_text())
    assert document["figures"] == {
        "flash": report["flash"]["total"],
        "sram": report["sram"]["total"],
        **{name: report[name] for name in ("instructions", "cycles", "accuracy")},
    }
    assert document["layers"] == {layer["name"]: layer["cycles"] for layer in report["layers"]}
    before = baseline(folder).read_bytes()
    assert check(folder, "--write-baseline").exit_code == 0 and baseline(folder).read_bytes() == before


def test_what_is_the_same_passes(folder: Path) -> None:
    result = check(folder)
    assert result.exit_code == 0 and "within its limits" in result.stdout and "FAIL" not in result.stdout


def test_without_a_limit_of_its_own_nothing_may_get_worse(folder: Path) -> None:
    more_cycles(folder, 0.01)
    result = check(folder, "--max-flash", "64K")
    assert result.exit_code == 1 and "not within its limits: cycles" in result.stdout


@pytest.mark.parametrize(("share", "code"), [(0.019, 0), (0.021, 1), (-0.1, 0)])
def test_a_share_more_is_allowed(share: float, code: int, folder: Path) -> None:
    cycles = more_cycles(folder, share)
    result = check(folder, "--max-cycles", "+2%", "--json")
    document = json.loads(result.stdout)
    (row,) = [row for row in document["rows"] if row["figure"] == "cycles"]
    assert result.exit_code == code and document["passed"] is row["ok"] is (code == 0)
    assert (row["before"], row["now"], row["bound"]) == (cycles, int(cycles * (1 + share)), cycles * 102 // 100)


def test_less_can_be_asked_for(folder: Path) -> None:
    assert check(folder, "--max-cycles=-5%").exit_code == 1
    more_cycles(folder, -0.06)
    assert check(folder, "--max-cycles=-5%").exit_code == 0


def test_limits_by_themselves_need_no_baseline(built: Path) -> None:
    flash = json.loads((built / "report.json").read_text())["flash"]["total"]
    for limit, code in ((flash, 0), (flash - 1, 1)):
        assert CliRunner().invoke(app, ["check", str(built), "--max-flash", str(limit)]).exit_code == code


def test_layers_and_tools_that_changed_are_told(folder: Path) -> None:
    report = json.loads((folder / "report.json").read_text())
    report["layers"][2]["cycles"] += 7
    change(folder / "report.json", layers=report["layers"], toolchain={"version": "99.1"})
    result = check(folder)
    name = report["layers"][2]["name"]
    assert name in result.stdout and report["layers"][0]["name"] not in result.stdout
    name, version = (report["toolchain"][key] for key in ("name", "version"))
    assert f"toolchain: {name} {version} then, {name} 99.1 now" in result.stdout
    assert "the model file" not in result.stdout


def test_accuracy_may_not_fall(folder: Path) -> None:
    change(folder / "report.json", accuracy=0.98)
    assert check(folder, "--write-baseline").exit_code == 0
    change(folder / "report.json", accuracy=0.976)
    assert check(folder).exit_code == 1
    assert check(folder, "--min-accuracy=-0.5%").exit_code == 0
    assert check(folder, "--min-accuracy=-0.3%").exit_code == 1
    assert check(folder, "--min-accuracy", "97%").exit_code == 0


def test_a_firmware_that_is_not_exact_fails(folder: Path) -> None:
    change(folder / "report.json", bit_exact=False)
    result = check(folder)
    assert result.exit_code == 1 and "NOT bit-exact" in result.stdout


def refused(result: Result, *parts: str) -> None:
    assert result.exit_code == 2 and result.stdout == "" and result.stderr.count("error: ") == 1, result.output
    assert all(part in " ".join(result.stderr.split()) for part in parts), result.stderr


def test_mistakes_are_one_clear_error(folder: Path) -> None:
    runner = CliRunner()
    refused(runner.invoke(app, ["check", str(folder)]), "nothing is limited", "--max-flash")
    refused(runner.invoke(app, ["check", str(folder), "--max-cycles", "+2%"]), "+2%", "baseline with cycles")
    refused(runner.invoke(app, ["check", str(folder), "--write-baseline"]), "--baseline FILE")
    refused(check(folder, "--max-cycles", "2%"), "'2%' is not a limit", "+2%")
    refused(check(folder, "--min-accuracy", "97%"), "accuracy", "not measured", "y_test")
    change(folder / "report.json", cycles=None)
    refused(check(folder), "cycles", "not measured")
    change(folder / "report.json", board="microbit")
    refused(check(folder), "stm32f4", "microbit", "a baseline for each board")
    refused(runner.invoke(app, ["check", str(folder.parent), "--max-flash", "1"]), "not a tinyprune build directory")


def test_a_figure_that_there_is_not(built: Path) -> None:
    with pytest.raises(TinypruneError, match="unknown figure 'flesh'"):
        tinyprune.check(built, {"flesh": "64K"})
    assert tinyprune.check(built, {"flash": "64K"}).passed


@pytest.mark.parametrize(
    "damage",
    [
        {"schema": 2},
        {"figures": {"flash": "much"}},
        {"figures": {"flesh": 1}},
        {"board": 3},
        {"layers": []},
        {"new": 1},
    ],
)
def test_another_file_is_no_baseline(damage: dict[str, Any], folder: Path) -> None:
    change(baseline(folder), **damage)
    refused(check(folder), "baseline.json is not a baseline", "--write-baseline")


def test_no_baseline_and_no_json(folder: Path) -> None:
    baseline(folder).write_text("{")
    refused(check(folder), "cannot read the baseline")
    baseline(folder).unlink()
    refused(check(folder), "there is no baseline", "--write-baseline")
    refused(check(folder, "--baseline", str(folder / "no" / "b.json"), "--write-baseline"), "cannot write the baseline")
