"""Nothing written inside reaches the caller's streams, and all is as before afterwards."""

import os
import sys

import pytest

from tinyprune.frontend.quiet import quiet


def test_python_and_descriptors_are_silenced_then_restored(capfd: pytest.CaptureFixture[str]) -> None:
    print("before")
    with quiet():
        print("python")
        print("python", file=sys.stderr)
        os.write(1, b"descriptor 1")
        os.write(2, b"descriptor 2")
    print("after")
    assert capfd.readouterr() == ("before\nafter\n", "")


def test_exceptions_pass_and_descriptors_come_back(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(KeyError, match="mine"), quiet():
        print("lost")
        raise KeyError("mine")
    os.write(1, b"heard")
    assert capfd.readouterr() == ("heard", "")


def test_no_descriptor_is_leaked() -> None:
    with quiet():
        pass
    first = os.dup(1)
    os.close(first)
    for _ in range(3):
        with quiet():
            pass
    second = os.dup(1)
    os.close(second)
    assert first == second
