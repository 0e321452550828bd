"""Runs a lowered graph on this machine: the product's own C, compiled with sanitizers and every warning an error."""

import functools
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

import tinyprune
from tinyprune import edges, ir, paths
from tinyprune.codegen.model import model_files
from tinyprune.ir import Graph, Int8
from tinyprune.tensors import Int16
from tinyprune.toolchain import write_files

WARNINGS = ("-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror")
FLAGS = ("-std=c99", "-O1", "-g", "-fno-sanitize-recover=all", *WARNINGS)
WITH_ASAN = ("-fsanitize=address,undefined",)
WITHOUT_ASAN = ("-fsanitize=undefined",)
RUNNER = Path(__file__).with_name("runner.c")


class HostError(AssertionError):
    """The C did not compile, or a sanitizer stopped it."""


@dataclass(frozen=True)
class HostCompiler:
    command: tuple[str, ...]
    has_asan: bool

    def run(self, folder: Path, *arguments: str) -> None:
        sanitizers = WITH_ASAN if self.has_asan else WITHOUT_ASAN
        check((*self.command, *FLAGS, *sanitizers, f"-I{paths.kernels() / 'include'}", *arguments), folder)


@dataclass(frozen=True, eq=False)
class HostRun:
    """Each layer's output by its name, run one by one, and the model's (`edges`) from one tp_invoke; all (n, ...)."""

    layers: dict[str, Int8 | Int16]
    output: Int8


def run_host(graph: Graph, inputs: Int8, length: int = 1) -> HostRun:
    """Runs `graph`, whose memory is planned, on `inputs` (n, ...); HostError where a sanitizer objects.

    What the model remembers carries on over sequences of `length` inputs.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        program = build(graph, folder)
        (folder / "inputs.bin").write_bytes(inputs.tobytes())
        check((str(program), "inputs.bin", "outputs.bin", str(length)), folder)
        content = np.fromfile(folder / "outputs.bin", np.int8)
    whole_bytes = sum(graph.tensors[name].bytes for name in graph.outputs)
    by_layer, whole = np.split(content, [content.size - len(inputs) * whole_bytes])
    tensors = [graph.tensors[layer.output] for layer in graph.layers]
    ends = np.cumsum([tensor.bytes for tensor in tensors])
    stored = zip(tensors, np.split(by_layer.reshape(len(inputs), -1), ends[:-1], axis=1), strict=True)
    values = [tensor.values(one).reshape(-1, *tensor.shape[1:]) for tensor, one in stored]
    layers = {layer.name: value for layer, value in zip(graph.layers, values, strict=True)}
    outputs = edges.split(graph, graph.outputs, whole.reshape(len(inputs), -1))
    return HostRun(layers, edges.join(graph, graph.outputs, outputs))


def build(graph: Graph, folder: Path) -> Path:
    files = model_files(graph, tinyprune.__version__)
    sources = {"model.h": files["model.h"], "model.c": files["model.c"], "places.h": places(graph)}
    write_files(sources, folder)
    compiler().run(folder, "-I.", str(RUNNER), "model.c", *map(str, kernel_objects()), "-o", "runner")
    return folder / "runner"


def places(graph: Graph) -> str:
    """A C table of the byte ranges of the arena that each layer may touch."""
    assert graph.arena is not None
    rows: list[str] = []
    for number, layer in enumerate(graph.layers):
        named = [name for name in (*ir.layer_inputs(layer), layer.output) if name not in graph.constants]
        touched = [graph.arena.tensors[name] for name in named]
        touched += [graph.arena.scratch[layer.name]] if layer.name in graph.arena.scratch else []
        rows += [f"{{{number}, {place.offset}, {place.bytes}}}," for place in touched]
    return "static const struct {\n    uint32_t layer, offset, bytes;\n} places[] = {\n" + "\n".join(rows) + "\n};\n"


@functools.cache
def compiler() -> HostCompiler:
    """The first of cc, gcc, clang that links with AddressSanitizer; else zig, with UBSan alone."""
    for command in filter(None, map(shutil.which, ("cc", "gcc", "clang"))):
        if _links((command,), WITH_ASAN):
            return HostCompiler((command,), has_asan=True)
    if importlib.util.find_spec("ziglang"):
        return HostCompiler((sys.executable, "-m", "ziglang", "cc"), has_asan=False)
    pytest.skip("no C compiler for this machine: neither cc, gcc or clang with AddressSanitizer nor ziglang")


def require_asan() -> None:
    """Skips a test that means nothing without AddressSanitizer, or fails it where TINYPRUNE_REQUIRE_ASAN says so."""
    if compiler().has_asan:
        return
    reason = "no host compiler with AddressSanitizer"
    if os.environ.get("TINYPRUNE_REQUIRE_ASAN") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def _links(command: tuple[str, ...], flags: tuple[str, ...]) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        program = subprocess.run(
            [*command, *flags, "-x", "c", "-", "-o", str(Path(folder) / "program")],
            input=b"int main(void) { return 0; }",
            capture_output=True,
            check=False,
        )
    return program.returncode == 0


@functools.cache
def kernel_objects() -> list[Path]:
    """Every kernel, compiled once a session."""
    folder = Path(_session_folder().name)
    sources = sorted((paths.kernels() / "src").glob("*.c"))
    for source in sources:  # one by one: zig takes no more with -c
        compiler().run(folder, "-c", str(source), "-o", f"{source.stem}.o")
    return [folder / f"{source.stem}.o" for source in sources]


@functools.cache
def _session_folder() -> tempfile.TemporaryDirectory[str]:
    """Is removed when the session ends."""
    return tempfile.TemporaryDirectory()


def check(command: tuple[str, ...], folder: Path) -> None:
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if result.returncode:
        raise HostError(f"{' '.join(command)}: {result.returncode}\n{(result.stderr + result.stdout)[:4000]}")
