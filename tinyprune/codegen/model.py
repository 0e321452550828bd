"""`model.h`, `model.c` and the kernels they call: the part of a firmware that is the model."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tinyprune import edges, ir, kernels, paths
from tinyprune.codegen import c, instances
from tinyprune.codegen.files import Files
from tinyprune.codegen.layers import address, constant_arrays, kernel_calls, layer_code
from tinyprune.codegen.templates import render, text
from tinyprune.ir import Graph, Int8, Layer, Tensor


@dataclass(frozen=True)
class LayerView:
    """A layer as the templates print it."""

    name: str
    title: str
    constants: tuple[str, ...]
    calls: tuple[str, ...]
    output: str
    output_bytes: int


@dataclass(frozen=True)
class EdgeView:
    """An input or output as the templates print it: `symbol` is its C name, `macro` begins those of its constants."""

    symbol: str
    macro: str
    label: str
    tensor: Tensor
    offset: int
    is_float: bool


def model_files(graph: Graph, version: str) -> Files:
    """The model as C, with exactly the kernels that it calls: `model.{c,h}`, `kernels/`."""
    values = model_values(graph, version)
    return {
        "model.h": render("model.h.j2", values),
        "model.c": render("model.c.j2", values),
        **model_kernels(values),
    }


def model_values(graph: Graph, version: str) -> dict[str, Any]:
    """What templates print a model from."""
    assert graph.arena is not None
    return {
        "graph": graph,
        "version": version,
        "inputs": _edge_views(graph, "input", graph.inputs),
        "outputs": _edge_views(graph, "output", graph.outputs),
        "constants": constant_arrays(graph),
        "instances": instances.of(graph),
        "states": [(state, f"int{state.bits}_t", math.prod(state.shape)) for state in ir.states(graph)],
        "layers": [_view(layer, graph) for layer in graph.layers],
    }


def model_kernels(values: Mapping[str, Any]) -> Files:
    """The sources and headers of the kernels that the model calls, by what model_values() gave."""
    inline: instances.Instances = values["instances"]
    layers: list[LayerView] = values["layers"]
    called = {call.split("(")[0] for layer in layers for call in layer.calls}
    return kernel_files(called - inline.names, inline.headers)


def sample_input_files(graph: Graph, sample: Int8) -> Files:
    """The sample that is compiled in, so that the same image runs on a board and in every emulator."""
    return {
        "sample_input.h": text("sample_input.h"),
        "sample_input.c": render("sample_input.c.j2", {"numbers": c.numbers(sample.reshape(-1).tolist())}),
    }


def kernel_files(functions: Set[str], headers: Sequence[str] = ()) -> Files:
    """The sources of these kernels, these headers, and the headers that any of them includes, directly or not, with the
    sources of the same name, where a header has one."""
    root = paths.kernels()
    wanted = [f"include/{header}" for header in ("tp_kernels.h", *headers)]
    wanted += [f"src/{name}.c" for name in sorted(functions)]
    files: Files = {}
    while wanted:
        name = wanted.pop(0)
        if name in files:
            continue
        text = (root / name).read_text(encoding="utf-8")
        files[name] = text
        included = re.findall(r'#include "(tp_\w+)\.h"', text)
        wanted += [f"include/{one}.h" for one in included]
        wanted += [f"src/{one}.c" for one in included if (root / "src" / f"{one}.c").exists()]
    return {f"kernels/{Path(name).name}": text for name, text in sorted(files.items())}


def _edge_views(graph: Graph, kind: str, names: Sequence[str]) -> list[EdgeView]:
    """Numbered where there are several."""
    assert graph.arena is not None
    views: list[EdgeView] = []
    for number, (name, label) in enumerate(zip(names, edges.labels(names), strict=True)):
        symbol = f"tp_{kind}" if len(names) == 1 else f"tp_{kind}_{number}"
        offset, is_float = graph.arena.tensors[name].offset, name in graph.float_edges
        views.append(EdgeView(symbol, symbol.upper(), label, graph.tensors[name], offset, is_float))
    return views


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
