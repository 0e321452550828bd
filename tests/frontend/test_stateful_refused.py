"""What a layer that remembers cannot be, said in one error that names the operator and the layer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from stateful_file import StatefulFile, lstm_graph, svdf_graph

from tinyprune.errors import UnsupportedModelError
from tinyprune.frontend.tflite_import import import_tflite
from tinyprune.ir import Graph

NORMS, PEEPHOLES, PROJECTION = range(20, 24), range(9, 12), range(16, 17)


def refused(graph: Graph, match: str, position: int | None = None, options: Any = None, **tensor: Any) -> None:
    """The file of `graph`, with changes of the tensor that is input `position` and of the operator's options."""
    file = StatefulFile(graph)
    file.content()
    (operator,) = file.writer.operators
    if position is not None:
        index = operator.inputs[position]
        file.writer.tensors[index] = replace(file.writer.tensors[index], **tensor)
    file.writer.operators = [replace(operator, options=operator.options | (options or {}))]
    outputs = list(operator.outputs)
    with pytest.raises(UnsupportedModelError, match=match):
        import_tflite(file.writer.finish([file.input], outputs), "m")


def with_inputs(changes: dict[int, int]) -> bytes:
    """The file of an LSTM whose inputs at some places are other tensors, or left out."""
    file = StatefulFile(lstm_graph())
    file.content()
    (operator,) = file.writer.operators
    inputs = tuple(changes.get(place, index) for place, index in enumerate(operator.inputs))
    file.writer.operators = [replace(operator, inputs=inputs)]
    return file.writer.finish([file.input], list(operator.outputs))


@pytest.mark.parametrize(
    ("places", "name"),
    [(PEEPHOLES, "peephole connections"), (PROJECTION, "a projection"), (NORMS, "layer normalization")],
)
def test_variants_of_an_lstm(places: range, name: str) -> None:
    message = rf"UNIDIRECTIONAL_SEQUENCE_LSTM \(layer 0, 'y'\) has {name}, which TFLM does not compute\nuse keras"
    with pytest.raises(UnsupportedModelError, match=message):
        import_tflite(with_inputs(dict.fromkeys(places, 1)), "m")


def test_a_coupled_gate() -> None:
    with pytest.raises(UnsupportedModelError, match=r"coupled input and forget gate \(CIFG\)"):
        import_tflite(with_inputs({1: -1, 5: -1, 12: -1}), "m")


def test_another_number_of_inputs() -> None:
    file = StatefulFile(lstm_graph())
    file.content()
    (operator,) = file.writer.operators
    file.writer.operators = [replace(operator, inputs=operator.inputs[:20])]
    with pytest.raises(UnsupportedModelError, match="has 20 inputs; the 24 of a standard LSTM"):
        import_tflite(file.writer.finish([file.input], list(operator.outputs)), "m")


FLOATS = np.zeros((4, 2), np.float32)
LSTM: dict[str, tuple[str, int | None, dict[str, Any], dict[str, Any]]] = {
    "activation": ("has activation 1; TANH is supported", None, {"FusedActivationFunction": 1}, {}),
    "float": ("has FLOAT32 as input 1; INT8", 1, {}, {"type": "FLOAT32", "data": FLOATS}),
    "wide state": ("of INT16; INT8 is supported", 18, {}, {"type": "INT16"}),
    "narrow cell": ("of INT8; INT16 is supported", 19, {}, {"type": "INT8"}),
    "constant state": ("which is not a variable", 18, {}, {"is_variable": False}),
    "size": (r"of shape \[2, 4\], not \[1, 4\]", 19, {}, {"shape": (2, 4)}),
    "scales": ("not quantized with one scale", 2, {}, {"scale": (0.1,) * 4, "zero_point": (0,) * 4}),
    "zero point": ("with a zero point other than 0", 6, {}, {"zero_point": (1,)}),
    "outside": ("with zero point 200, outside int8", 18, {}, {"zero_point": (200,)}),
    "matrix": (r"of shape \[8\], not a matrix", 4, {}, {"shape": (8,)}),
    "time": (r"has a state .* not \[3, 4\]", None, {"TimeMajor": True}, {}),
    "input": (r"has weights \[4, 1\] from \[1, 3, 2\]", 1, {}, {"shape": (4, 1), "data": np.ones((4, 1), np.int8)}),
}
SVDF: dict[str, tuple[str, int | None, dict[str, Any], dict[str, Any]]] = {
    "rank": ("has rank 3, 4 filters", None, {"Rank": 3}, {}),
    "no rank": ("has rank 0", None, {"Rank": 0}, {}),
    "activation": ("fused activation that TFLM ignores", None, {"FusedActivationFunction": 1}, {}),
    "time type": ("has INT32 time weights", 2, {}, {"type": "INT32", "data": np.zeros((4, 3), np.int32)}),
    "widths": ("of INT8; INT16 is supported", 4, {}, {"type": "INT8"}),
    "bias scale": ("has a bias of scale", 3, {}, {"scale": (0.1,)}),
    "bias": (r"has a bias of shape \[1\] for 2 channels", 3, {}, {"shape": (1,), "data": np.zeros(1, np.int32)}),
}


@pytest.mark.parametrize("name", LSTM)
def test_lstm(name: str) -> None:
    message, position, options, tensor = LSTM[name]
    refused(lstm_graph(), rf"UNIDIRECTIONAL_SEQUENCE_LSTM \(layer 0.*{message}", position, options, **tensor)


@pytest.mark.parametrize("name", SVDF)
def test_svdf(name: str) -> None:
    message, position, options, tensor = SVDF[name]
    refused(svdf_graph(), rf"SVDF \(layer 0.*{message}", position, options, **tensor)


def test_a_cell_clip_is_kept_on_both_sides() -> None:
    file = StatefulFile(lstm_graph())
    file.content()
    (operator,) = file.writer.operators
    file.writer.operators = [replace(operator, options=operator.options | {"CellClip": 1.0})]
    (layer,) = import_tflite(file.writer.finish([file.input], list(operator.outputs)), "m").layers
    assert getattr(layer, "cell_clamp", None) == (-2048, 2048)
