"""A graph as stable text: what `--dump` prints and the golden tests compare."""

from __future__ import annotations

import hashlib

from tinyprune import formats, ir
from tinyprune.ir import Graph, Layer, Tensor, Window
from tinyprune.stateful import State, layer_states, stateful_biases, stateful_weights


def dump(graph: Graph) -> str:
    """One line a tensor and a layer; constants by their digest."""
    lines = [f"graph {graph.name}"]
    lines += [_tensor(graph, tensor) for tensor in graph.tensors.values()]
    lines += [_layer(layer) for layer in graph.layers]
    if graph.arena is not None:
        lines.append(f"arena {graph.arena.bytes} bytes, activations {graph.arena.activation_bytes}")
        lines += [f"scratch {name} at {p.offset}, {p.bytes} bytes" for name, p in graph.arena.scratch.items()]
    return "\n".join(lines) + "\n"


def _tensor(graph: Graph, tensor: Tensor) -> str:
    shape = "x".join(map(str, tensor.shape))
    said = f"tensor '{tensor.name}' {shape} scale {tensor.scale!r} zero_point {tensor.zero_point}"
    if tensor.name in graph.constants:
        return f"constant {said} sha256 {_digest(graph.constants[tensor.name].tobytes())}"
    role = "input " if tensor.name in graph.inputs else "output " if tensor.name in graph.outputs else ""
    place = f" at {graph.arena.tensors[tensor.name].offset}" if graph.arena else ""
    stored = f" as {tensor.stored}" if tensor.wide else ""
    return f"{'float ' if tensor.name in graph.float_edges else ''}{role}{said}{stored}{place}"


def _layer(layer: Layer) -> str:
    parts = [f"{layer.name} = {ir.op_name(layer)}({', '.join(map(repr, ir.layer_inputs(layer)))}) -> '{layer.output}'"]
    match layer:
        case ir.Conv2D() | ir.DepthwiseConv2D() | ir.TransposeConv2D():
            parts += [_weights(layer), _window(layer.window), f"clamp {layer.clamp}"]
        case ir.Dense():
            parts += [_weights(layer), f"clamp {layer.clamp}"]
        case ir.MaxPool() | ir.AveragePool():
            parts += [_window(layer.window), f"clamp {layer.clamp}"]
        case ir.BatchMatMul():
            parts += [f"adj_x {layer.adj_x} adj_y {layer.adj_y}"]
        case ir.Binary():
            parts += [f"clamp {layer.clamp}"]
        case ir.Softmax():
            parts += [f"beta {layer.beta!r}"]
        case ir.Move():
            parts += [_copy(copy) for copy in layer.copies]
            parts += [] if layer.fill is None else [f"fill {layer.fill}"]
        case ir.ResizeNearest():
            parts += [f"rows {layer.rows} columns {layer.columns}"]
        case ir.Lut():
            parts += [f"{layer.kind} sha256 {_digest(layer.table.tobytes())}"]
        case ir.Lstm() | ir.Svdf():
            parts += [_stateful(layer)]
        case ir.Reduce():
            parts += [f"axes {layer.axes}"]
        case ir.Reshape():
            pass
    return " ".join(parts)


def _stateful(layer: ir.Stateful) -> str:
    """The states, and a digest of everything that is constant."""
    states = " ".join(_state(state) for state in layer_states(layer))
    content = b"".join(part.tobytes() for part in (*stateful_weights(layer), *stateful_biases(layer)))
    if isinstance(layer, ir.Svdf):
        content += repr((layer.feature_scale, layer.time_scale)).encode()
        return f"{states} rank {layer.rank} sha256 {hashlib.sha256(content).hexdigest()[:12]}"
    content += repr([(gate.input_scale, gate.recurrent_scale) for gate in layer.gates]).encode()
    order = "time_major" if layer.time_major else "batch_major"
    digest = hashlib.sha256(content).hexdigest()[:12]
    return f"{states} steps {layer.steps} {order} cell_clamp {layer.cell_clamp} sha256 {digest}"


def _state(state: State) -> str:
    shape = "x".join(map(str, state.shape))
    return f"state {state.name} {shape} int{state.bits} scale {state.quant.scale[0]!r} initial {state.quant.zero_point}"


def _copy(copy: ir.BlockCopy) -> str:
    """'copy 0[4 + 2x3 by (8, 1)] to [0 + (3, 1)]': the input, its offset, the shape, its strides; then the output's."""
    shape = "x".join(map(str, copy.shape))
    source = f"{copy.source}[{copy.input_offset} + {shape} by {copy.input_strides}]"
    return f"copy {source} to [{copy.output_offset} + {copy.output_strides}]"


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:12]


def _weights(layer: ir.Weighted) -> str:
    weights = layer.weights
    content = formats.unpack(weights).tobytes() + layer.bias.tobytes() + repr(weights.quant.scale).encode()
    shape = "x".join(map(str, weights.shape))
    return f"{weights.format} {shape} {formats.nbytes(weights)} bytes sha256 {_digest(content)}"


def _window(window: Window) -> str:
    pad = window.padding
    return (
        f"window {window.size} stride {window.stride} dilation {window.dilation} "
        f"padding {(pad.top, pad.bottom, pad.left, pad.right)}"
    )
