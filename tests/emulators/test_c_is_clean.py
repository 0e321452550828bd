"""The counters in C compile without a warning on gcc and clang."""

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tinyprune.emulators import native, qemu

WARNINGS = ("-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror")
COMPILERS = {"cc": ["cc"], "zig": [sys.executable, "-m", "ziglang", "cc"]}


@pytest.mark.parametrize("source", [*native.SOURCES, qemu.PLUGIN], ids=lambda source: source.name)
@pytest.mark.parametrize("api", [1, 3])
@pytest.mark.parametrize("name", COMPILERS)
def test_no_warnings(name: str, api: int, source: Path, tmp_path: Path) -> None:
    if not (shutil.which("cc") if name == "cc" else importlib.util.find_spec("ziglang")):
        pytest.skip(f"no {name}")
    command = [
        *COMPILERS[name],
        *WARNINGS,
        f"-DQEMU_PLUGIN_API={api}",
        "-fPIC",
        "-c",
        str(source),
        "-o",
        str(tmp_path / "out.o"),
    ]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
