import os
import sys
from pathlib import Path

import pytest

from tinyprune.board import CORES
from tinyprune.errors import TinypruneError, ToolMissingError
from tinyprune.toolchain import Toolchain, find
from tinyprune.toolchain.compilers import CORE_FLAGS


def fake_program(folder: Path, name: str, body: str) -> Path:
    program = folder / name
    program.write_text(f"#!/bin/sh\n{body}\n")
    program.chmod(0o755)
    return program


def hide_pip_zig(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)


def test_gcc_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gcc = fake_program(tmp_path, "arm-none-eabi-gcc", "echo 13.2.1")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find() == Toolchain("gcc", "13.2.1", (str(gcc),)) == find("gcc")


def test_zig_from_pip_before_zig_on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ziglang")
    fake_program(tmp_path, "zig", "echo 9.9")
    monkeypatch.setenv("PATH", str(tmp_path))
    found = find()
    assert found.command == (sys.executable, "-m", "ziglang", "cc") and found.version != "9.9"


def test_zig_on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    zig = fake_program(tmp_path, "zig", "echo 9.9")
    hide_pip_zig(monkeypatch)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find() == Toolchain("zig", "9.9", (str(zig), "cc"))


@pytest.mark.parametrize(("name", "missing"), [(None, "neither"), ("gcc", "gcc is not"), ("zig", "zig is not")])
def test_without_any_the_error_says_how_to_get_one(
    name: str | None, missing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hide_pip_zig(monkeypatch)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolMissingError, match=missing) as caught:
        find(name)
    assert "pip install tinyprune[zig]" in caught.value.remedy and "apt install" in caught.value.remedy


def test_an_unknown_name_lists_the_known() -> None:
    with pytest.raises(TinypruneError, match="known: gcc, zig"):
        find("clang")


def test_a_compiler_that_does_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_program(tmp_path, "arm-none-eabi-gcc", "echo no such library >&2; exit 127")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(TinypruneError, match="no such library"):
        find("gcc")


def test_each_core_has_flags_for_each_compiler() -> None:
    assert {(name, core) for name in ("gcc", "zig") for core in CORES} == set(CORE_FLAGS)
