"""A build directory's model, as a library for somebody else's firmware."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import tinyprune
from tinyprune import reference, saved_builds, toolchain
from tinyprune.codegen.export import FORMS, export_files
from tinyprune.errors import TinypruneError, unknown_name


def export(directory: Path, form: str, output: Path) -> list[str]:
    """Writes the model that was built in `directory`, laid out as `form` of FORMS, into the new folder `output`.

    Returns the files' names. The formats and kernels are those of the build: for its board's core, and with the same
    bits on any other. Raises TinypruneError for an unknown form, for what is no build directory, and where `output`
    exists and is not empty.
    """
    if form not in FORMS:
        raise unknown_name("form of export", form, FORMS)
    saved = saved_builds.report(directory)
    graph = saved_builds.lowered(directory, saved)
    sample = saved_builds.checked_inputs(directory)[:1]
    expected = reference.output(saved_builds.imported(directory, saved), sample)
    files = export_files(graph, form, tinyprune.__version__, sample, expected)
    _write(files, output)
    return sorted(files)


def _write(files: dict[str, str | bytes], output: Path) -> None:
    """All of them or none: written beside their place, and renamed into it."""
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise TinypruneError(f"{output} exists", remedy="choose another folder with -o, or remove it")
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=f".{output.name}-", dir=output.parent))
    except OSError as error:
        raise TinypruneError(f"cannot write {output}: {error.strerror}") from error
    try:
        toolchain.write_files(files, work)
        work.chmod(0o755)
        if output.exists():
            output.rmdir()
        work.rename(output)
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise
