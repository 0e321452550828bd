"""C for this machine: compiled on first use with the host's compiler, else zig, and kept in the user's cache."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

FLAGS = ("-O2", "-shared", "-fPIC")


def candidates(*sources: Path, defines: tuple[str, ...] = ()) -> Iterator[Path]:
    """The library of `sources` as each compiler makes it that can, one after the other: a compiler may be for another
    machine. The headers of a source lie beside it."""
    flags = (*FLAGS, *(f"-D{define}" for define in defines))
    made = (_compiled(sources, (*compiler, *flags)) for compiler in _compilers())
    return (library for library in made if library)


def _compilers() -> list[tuple[str, ...]]:
    found = [(path,) for name in ("cc", "gcc", "clang") if (path := shutil.which(name))]
    zig = [(sys.executable, "-m", "ziglang", "cc")] if importlib.util.find_spec("ziglang") else []
    return [*found[:1], *zig]


def _compiled(sources: tuple[Path, ...], command: tuple[str, ...]) -> Path | None:
    """The shared library made by `command`, from the cache where it was made before; None where it fails."""
    read = (*sources, *sorted(sources[0].parent.glob("*.h")))
    text = b"".join(file.read_bytes() for file in read)
    key = hashlib.sha256(text + repr(command).encode()).hexdigest()[:16]
    library = _cache() / f"{sources[0].stem}-{key}.so"
    if library.exists():
        return library
    library.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=library.parent) as folder:
        made = Path(folder) / library.name
        result = subprocess.run([*command, *map(str, sources), "-o", str(made)], capture_output=True, check=False)
        if result.returncode != 0:
            return None
        made.replace(library)  # at once, so that builds beside each other do not meet
    return library


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tinyprune"
