"""runtime.c on the host: the same bytes as Python's slices, for every alignment and overlap."""

import ctypes
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinyprune import paths

SIZE = 96
places = st.integers(0, 31)
lengths = st.integers(0, 64)


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no host C compiler")
    library = tmp_path_factory.mktemp("runtime") / "runtime.so"
    source = paths.firmware_templates() / "runtime.c"
    # -Bsymbolic: its own functions, not those of the host's C library
    flags = ["-O2", "-ffreestanding", "-shared", "-fPIC", "-Wl,-Bsymbolic"]
    subprocess.run([compiler, *flags, str(source), "-o", str(library)], check=True, cwd=Path(library).parent)
    return ctypes.CDLL(str(library))


def buffer() -> tuple[ctypes.Array[ctypes.c_char], bytearray]:
    content = bytes(range(1, SIZE + 1))
    return ctypes.create_string_buffer(content, SIZE), bytearray(content)


@given(to=places, source=places, length=lengths)
def test_memmove(runtime: ctypes.CDLL, to: int, source: int, length: int) -> None:
    memory, expected = buffer()
    start = ctypes.addressof(memory)
    runtime.memmove(ctypes.c_void_p(start + to), ctypes.c_void_p(start + source), ctypes.c_size_t(length))
    expected[to : to + length] = bytes(expected[source : source + length])
    assert memory.raw == bytes(expected)


@given(to=places, source=places, length=lengths)
def test_memcpy(runtime: ctypes.CDLL, to: int, source: int, length: int) -> None:
    memory, expected = buffer()
    other, _ = buffer()
    start = ctypes.addressof(memory)
    runtime.memcpy(
        ctypes.c_void_p(start + to), ctypes.c_void_p(ctypes.addressof(other) + source), ctypes.c_size_t(length)
    )
    expected[to : to + length] = other.raw[source : source + length]
    assert memory.raw == bytes(expected)


@given(to=places, value=st.integers(-300, 300), length=lengths)
def test_memset(runtime: ctypes.CDLL, to: int, value: int, length: int) -> None:
    memory, expected = buffer()
    start = ctypes.addressof(memory)
    runtime.memset(ctypes.c_void_p(start + to), value, ctypes.c_size_t(length))
    expected[to : to + length] = bytes([value & 0xFF]) * length
    assert memory.raw == bytes(expected)


@given(left=st.binary(max_size=8), right=st.binary(max_size=8))
def test_memcmp(runtime: ctypes.CDLL, left: bytes, right: bytes) -> None:
    length = min(len(left), len(right))
    answer = runtime.memcmp(left, right, ctypes.c_size_t(length))
    assert (answer > 0) - (answer < 0) == (left[:length] > right[:length]) - (left[:length] < right[:length])
