"""Formatters, linters and the type checker, over the whole tree."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
C_FILES = sorted(
    str(file.relative_to(ROOT))
    for folder in ("cmsis_kernels", "firmware_templates", "tests", "tinyprune")
    for file in (ROOT / folder).rglob("*.[ch]")
)
COMMANDS = {
    "ruff check": ["ruff", "check", "."],
    "ruff format": ["ruff", "format", "--check", "."],
    "basedpyright": ["basedpyright", "--pythonpath", sys.executable],
    "clang-format": ["clang-format", "--dry-run", "--Werror", *C_FILES],
    "cppcheck": [
        "cppcheck",
        "--std=c99",
        "--enable=warning,style,performance,portability",
        "--inline-suppr",
        "--suppress=unusedStructMember",  # hardware and file layouts name what they do not read
        "--suppress=badBitmaskCheck",  # a register field of value 0 is written as such
        "--suppress=shadowFunction",
        "--error-exitcode=1",
        "--quiet",
        "-Icmsis_kernels/include",
        "cmsis_kernels/src",
        "firmware_templates",
    ],
}


@pytest.mark.parametrize("name", COMMANDS)
def test_is_clean(name: str) -> None:
    program, *arguments = COMMANDS[name]
    result = subprocess.run([BIN / program, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout[-4000:] + result.stderr[-4000:]
