"""`tinyprune doctor` on machines that have nothing, everything, and what is here."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tinyprune import doctor
from tinyprune.cli import app
from tinyprune.emulators import EMULATORS
from tinyprune.flashing import FLASHERS

find_spec = importlib.util.find_spec


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with tinyprune and what it depends on, and nothing else; the folder is all of PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("TINYPRUNE_RENODE", str(tmp_path / "renode"))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: find_spec(name) if name == "unicorn" else None)
    return tmp_path


def install(folder: Path, name: str, says: str = "") -> None:
    program = folder / name
    program.write_text(f"#!{sys.executable}\nprint({says!r})\n")
    program.chmod(0o755)


def states(found: doctor.Diagnosis) -> dict[str, str | None]:
    return {finding.name: finding.version for finding in found.findings}


@pytest.mark.usefixtures("empty")
def test_with_nothing() -> None:
    found = doctor.examine()
    there = {name for name, version in states(found).items() if version is not None}
    assert there == {"unicorn", "uf2"} and not found.able  # the dependency, and what comes with tinyprune
    assert all(finding.remedy for finding in found.findings if finding.version is None)
    assert all(not finding.remedy for finding in found.findings if finding.version is not None)


def test_with_everything(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: object() if name != "ziglang" else None)
    monkeypatch.setattr("importlib.metadata.version", lambda name: "1.2.3")
    for name, says in {
        "arm-none-eabi-gcc": "12.2.1",
        "zig": "0.15.1",
        "cc": "",
        "qemu-system-arm": "QEMU emulator version 7.2.9",
        "renode": "Renode v1.15.3.1",
        **dict.fromkeys(FLASHERS, ""),
    }.items():
        install(empty, name, says)
    found = doctor.examine()
    assert found.able and all(finding.version is not None and not finding.remedy for finding in found.findings)
    versions = states(found)
    assert [versions[name] for name in ("gcc", "zig", "qemu")] == ["12.2.1", "0.15.1", "7.2.9"]
    assert str(versions["renode"]).startswith("1.15.3") and versions["pyserial"] == "1.2.3"


def test_everything_that_there_is_is_looked_for() -> None:
    found = doctor.examine()
    assert [finding.name for finding in found.of("compiler")] == list(doctor.COMPILERS)
    assert [finding.name for finding in found.of("emulator")] == list(EMULATORS)
    assert [finding.name for finding in found.of("flasher")] == list(FLASHERS)
    assert states(found)["unicorn"] == importlib.metadata.version("unicorn")


def test_one_compiler_is_enough(empty: Path) -> None:
    install(empty, "arm-none-eabi-gcc", "12.2.1")
    assert doctor.examine().able


@pytest.mark.usefixtures("empty")
def test_the_command_says_it_and_fails() -> None:
    shown, document = (CliRunner().invoke(app, ["doctor", *more]) for more in ([], ["--json"]))
    assert shown.exit_code == document.exit_code == 1
    assert "pip install tinyprune[zig]" in shown.output and "apt install openocd" in shown.output
    assert "a compiler and an emulator are needed" in shown.output
    parsed = json.loads(document.stdout)
    assert parsed["able"] is False and {row["kind"] for row in parsed["findings"]} >= {"compiler", "flasher", "extra"}


def test_tensorflow_is_not_loaded_for_it() -> None:
    import subprocess

    code = "import sys; from tinyprune import doctor; doctor.examine(); sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
