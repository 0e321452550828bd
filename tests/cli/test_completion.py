"""What the shell completes, asked of bash itself with the script that `--show-completion` prints."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

BASH = shutil.which("bash")
ROOT = Path(__file__).parents[2]
PROGRAM = f"#!{sys.executable}\nfrom tinyprune.cli import main\n\nmain()\n"
ASK = """
eval "$(tinyprune --show-completion bash)"
COMP_WORDS=(tinyprune "$@")
COMP_CWORD=$#
handler=$(complete -p tinyprune | sed 's/.*-F //; s/ .*//')
"$handler" tinyprune
printf '%s\\n' "${COMPREPLY[@]}"
"""

pytestmark = pytest.mark.skipif(BASH is None, reason="bash is not on PATH")


def completed(folder: Path, *words: str) -> set[str]:
    """What bash offers for the last of `words`."""
    assert BASH is not None
    program = folder / "tinyprune"
    program.write_text(PROGRAM)
    program.chmod(0o755)
    path = f"{folder}{os.pathsep}{os.environ['PATH']}"
    environment = {
        **os.environ,
        "PATH": path,
        "PYTHONPATH": str(ROOT),
        "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1",
    }
    command = [BASH, "--norc", "-c", ASK, "bash", *words]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0 and result.stderr == "", result.stderr
    return set(result.stdout.split())


def test_commands(tmp_path: Path) -> None:
    assert completed(tmp_path, "b") == {"boards", "build"}
    assert completed(tmp_path, "boards", "n") == {"new"}


def test_options(tmp_path: Path) -> None:
    assert completed(tmp_path, "check", "--max-") == {"--max-flash", "--max-sram", "--max-instructions", "--max-cycles"}


def test_boards(tmp_path: Path) -> None:
    assert completed(tmp_path, "build", "--board", "nucleo-") == {
        file.stem for file in (ROOT / "boards").glob("nucleo-*.toml")
    }
