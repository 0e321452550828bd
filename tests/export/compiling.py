"""Runs this machine's compilers on what was exported; skips the test where there is none."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

STRICT = ("-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror")


def run(*command: str | Path, folder: Path) -> str:
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert result.returncode == 0, f"{command}\n{result.stdout}\n{result.stderr}"
    return result.stdout


def compiler(*names: str) -> str:
    for name in names:
        if found := shutil.which(name):
            return found
    pytest.skip(f"none of {', '.join(names)} is installed")


def compile_all(folder: Path, *options: str) -> str:
    """Compiles every C file of `folder` for this machine, strictly, runs it, and returns what it says."""
    sources = sorted(str(file.name) for file in folder.glob("*.c"))
    run(compiler("cc", "gcc", "clang"), "-std=c99", "-O2", *STRICT, *options, *sources, "-o", "example", folder=folder)
    return run(folder / "example", folder=folder)
