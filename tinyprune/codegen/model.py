"""`model.h`, `model.c` and the kernels they call: the part of a firmware that is the model."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from tinyprune import ir, kernels, paths
from tinyprune.codegen import c, instances
from tinyprune.codegen.files import Files
from tinyprune.codegen.layers import address, constant_arrays, kernel_calls, layer_code
from tinyprune.codegen.templates import render, text
from tinyprune.ir import Graph, Int8, Layer


@dataclass(frozen=True)
class LayerView:
    """A layer as the templates print it."""

    name: str
    title: str
    constants: tuple[str, ...]
    calls: tuple[str, ...]
    output: str
    output_bytes: int


def model_files(graph: Graph, version: str) -> Files:
    """The model as C, with exactly the kernels that it calls: `model.{c,h}`, `kernels/`."""
    assert graph.arena is not None
    values = {
        "graph": graph,
        "version": version,
        "input": graph.tensors[graph.inputs[0]],
        "output": graph.tensors[graph.outputs[0]],
        "input_offset": graph.arena.tensors[graph.inputs[0]].offset,
        "output_offset": graph.arena.tensors[graph.outputs[0]].offset,
        "constants": constant_arrays(graph),
        "instances": instances.definitions(graph),
        "layers": [_view(layer, graph) for layer in graph.layers],
    }
    return {
        "model.h": render("model.h.j2", values),
        "model.c": render("model.c.j2", values),
        **kernel_files(graph),
    }


def sample_input_files(graph: Graph, sample: Int8) -> Files:
    """The one input that is compiled in, so that the same image runs on a board and in every emulator."""
    return {
        "sample_input.h": text("sample_input.h"),
        "sample_input.c": render("sample_input.c.j2", {"numbers": c.numbers(sample.reshape(-1).tolist())}),
    }


def kernel_files(graph: Graph) -> Files:
    """The sources of the kernels that `graph` calls, and the headers they include, directly or not."""
    root = paths.kernels()
    functions = sorted({name for layer in graph.layers for name in kernels.functions(layer)})
    wanted = ["include/tp_kernels.h", *(_source(name) for name in functions)]
    files: Files = {}
    while wanted:
        name = wanted.pop(0)
        if name in files:
            continue
        text = (root / name).read_text(encoding="utf-8")
        files[name] = text
        wanted += [f"include/{header}" for header in re.findall(r'#include "(tp_\w+\.h)"', text)]
    return {f"kernels/{Path(name).name}": text for name, text in sorted(files.items())}


def _source(function: str) -> str:
    """Where a kernel stands: a file to compile, or the header of a static inline function."""
    source = f"src/{function}.c"
    return source if (paths.kernels() / source).exists() else f"include/{function}.h"


def _view(layer: Layer, graph: Graph) -> LayerView:
    assert graph.arena is not None
    code = layer_code(layer, graph)
    return LayerView(
        name=layer.name,
        title=_title(layer, graph),
        constants=code.constants,
        calls=kernel_calls(layer, code, graph),
        output=address(graph, layer.output),
        output_bytes=graph.tensors[layer.output].bytes,
    )


def _title(layer: Layer, graph: Graph) -> str:
    """'Conv2D 8x8x16 -> 8x8x24, weights 24x3x3x16 in csr (1,234 bytes)'."""
    shapes = ("x".join(map(str, graph.tensors[name].shape[1:])) for name in (layer.input, layer.output))
    title = f"{ir.op_name(layer)} {' -> '.join(shapes)}"
    if isinstance(layer, ir.Weighted):
        weights = layer.weights
        shape = "x".join(map(str, weights.shape))
        title += f", weights {shape} in {weights.format} ({kernels.operand(layer, graph).bytes:,} bytes)"
    return title
