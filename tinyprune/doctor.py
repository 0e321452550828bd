"""What of the tools that tinyprune can use is installed here, and how to get the rest."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass

import tinyprune
from tinyprune import flashing, toolchain
from tinyprune.emulators import EMULATORS, host_library
from tinyprune.errors import TinypruneError
from tinyprune.flashing import FLASHERS

COMPILERS = ("gcc", "zig")
# Module that shows that it is there, the package that has its version, the extra, what it is for.
EXTRAS = (
    ("keras", "keras", "keras", "Keras models; pruning"),
    ("tensorflow", "tensorflow", "keras", "Keras models to int8"),
    ("tflite_micro", "tflite-micro", "verify", "`validate` against TFLM"),
    ("ai_edge_litert", "ai-edge-litert", "verify", "`validate` against LiteRT"),
    ("serial", "pyserial", "serial", "`flash --check`"),
    ("matplotlib", "matplotlib", "report", "pictures"),
)


@dataclass(frozen=True)
class Finding:
    """`version` is None for what is not there, and empty where it does not tell; `remedy` then says how to get it."""

    kind: str
    name: str
    version: str | None
    purpose: str
    remedy: str = ""


@dataclass(frozen=True)
class Diagnosis:
    """`able`: a firmware can be built, and run in an emulator."""

    able: bool
    findings: tuple[Finding, ...]

    def to_json(self) -> str:
        return json.dumps({"tinyprune": tinyprune.__version__, **asdict(self)}, indent=2) + "\n"

    def of(self, kind: str) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.kind == kind)


def examine() -> Diagnosis:
    """Looks for compilers, emulators, flashers and extras; starts them only to ask for their versions."""
    findings = (*_compilers(), *_emulators(), *_flashers(), *_extras())
    there = {finding.kind for finding in findings if finding.version is not None}
    return Diagnosis({"compiler", "emulator"} <= there, findings)


def _compilers() -> Iterable[Finding]:
    for name in COMPILERS:
        yield _asked("compiler", name, lambda name=name: toolchain.find(name).version, "builds firmware")
    host = bool(host_library.compilers())
    remedy = "install cc, or `pip install tinyprune[zig]`; without it, emulators count slowly, and QEMU not at all"
    yield Finding("host compiler", "cc", "" if host else None, "fast counting in emulators", "" if host else remedy)


def _emulators() -> Iterable[Finding]:
    for name, emulator in EMULATORS.items():
        yield _asked("emulator", name, emulator.version, "runs and measures firmware")


def _flashers() -> Iterable[Finding]:
    for name, flasher in FLASHERS.items():
        there = bool(flashing.program(name))
        yield Finding("flasher", name, "" if there else None, "programs boards", "" if there else flasher.install)


def _extras() -> Iterable[Finding]:
    for module, package, extra, purpose in EXTRAS:
        if importlib.util.find_spec(module):
            yield Finding("extra", package, _version(package), purpose)
        else:
            yield Finding("extra", package, None, purpose, f"pip install 'tinyprune[{extra}]'")


def _asked(kind: str, name: str, version: Callable[[], str], purpose: str) -> Finding:
    try:
        return Finding(kind, name, version(), purpose)
    except TinypruneError as error:
        return Finding(kind, name, None, purpose, error.remedy)


def _version(package: str) -> str:
    """Empty where it was installed under another name, as tensorflow-cpu is."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""
