"""Files of inputs that cannot be read: what is wrong, and no advice to load them unsafely."""

from pathlib import Path

import numpy as np
import pytest

from tinyprune.errors import TinypruneError
from tinyprune.report import arrays


def test_a_file_that_is_not_there_is_named_once(tmp_path: Path) -> None:
    with pytest.raises(TinypruneError, match=r"^cannot read \S*none.npy: No such file or directory$"):
        arrays.load(tmp_path / "none.npy")


@pytest.mark.parametrize("content", [b"", b"1, 2, 3\n", b"PK\x03\x04 no archive", b"\x93NUMPY\x01\x00"])
def test_other_files_are_refused(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "x.npy"
    file.write_bytes(content)
    with pytest.raises(TinypruneError, match=r"x.npy: it is damaged, or no .npy or .npz file of plain arrays$"):
        arrays.load(file)


def test_objects_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.array([{}]), allow_pickle=True)
    with pytest.raises(TinypruneError, match="plain arrays"):
        arrays.load(tmp_path / "x.npy")
