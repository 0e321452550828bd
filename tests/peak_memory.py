"""The peak of this process's memory since a moment, whatever it held before (the suite's workers hold TensorFlow)."""

import re
from pathlib import Path

PROCESS = Path("/proc/self")


def forget_peak() -> int:
    """Starts anew with the bytes that are held now, and returns them. (`man 5 proc`: `clear_refs` of 5.)"""
    (PROCESS / "clear_refs").write_text("5")
    return peak_bytes()


def peak_bytes() -> int:
    """The most bytes held at once since `forget_peak`."""
    found = re.search(r"VmHWM:\s+(\d+) kB", (PROCESS / "status").read_text())
    assert found is not None
    return int(found[1]) * 1024
