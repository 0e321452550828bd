"""The files of a profile that viewers open."""

from __future__ import annotations

from pathlib import Path

from tinyprune.profiling.callgrind import callgrind
from tinyprune.profiling.profile import Profile
from tinyprune.profiling.speedscope import speedscope
from tinyprune.toolchain.source_lines import source_lines


def write(profile: Profile, folder: Path) -> None:
    """`callgrind.out.<image>` and `<image>.speedscope.json`, without the image's suffix."""
    lines, name = source_lines(profile.elf.path), profile.elf.path.stem
    (folder / f"callgrind.out.{name}").write_text(callgrind(profile, lines), encoding="utf-8")
    (folder / f"{name}.speedscope.json").write_text(speedscope(profile, lines), encoding="utf-8")
