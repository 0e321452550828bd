"""What the importer takes away: shape arithmetic, and floats at the edges; what is left gives TFLM's values."""

import numpy as np
import pytest
from numpy.typing import NDArray
from tflite_writer import Writer
from tflm import run_tflm

from tinyprune import ir, reference
from tinyprune.codegen.model import model_files
from tinyprune.errors import UnsupportedModelError
from tinyprune.frontend import tflite_import
from tinyprune.ir import Graph
from tinyprune.passes.verify import verify
from tinyprune.pipeline import lower
from tinyprune.source import quantize_inputs

Float32 = NDArray[np.float32]


def flattened_with_open_batch() -> bytes:
    """What Keras' Flatten becomes where the batch is open: [batch, -1] by shape arithmetic."""
    writer = Writer()
    x, y = writer.tensor("x", (1, 2, 3, 4), scale=0.5), writer.tensor("y", (1, 24), scale=0.5)
    shape, batch, both = (writer.tensor(n, s, "INT32") for n, s in (("shape", (4,)), ("batch", ()), ("both", (2,))))
    begin, end, step, rest = (
        writer.tensor(n, np.shape(v), "INT32", data=v) for n, v in (("b", [0]), ("e", [1]), ("s", [1]), ("r", 24))
    )
    writer.operator("SHAPE", [x], [shape], OutType=2)
    writer.operator("STRIDED_SLICE", [shape, begin, end, step], [batch], ShrinkAxisMask=1)
    writer.operator("PACK", [batch, rest], [both], ValuesCount=2)
    writer.operator("RESHAPE", [x, both], [y])
    return writer.finish([x], [y])


def test_shape_arithmetic_disappears() -> None:
    content = flattened_with_open_batch()
    graph = verify(tflite_import.import_tflite(content, "open"))
    assert [(type(layer), layer.name) for layer in graph.layers] == [(ir.Reshape, "reshape_3")]
    inputs = np.random.default_rng(0).integers(-128, 128, (3, 2, 3, 4), np.int8)
    golden = run_tflm(content, inputs)[int(graph.outputs[0].split(":")[0])]
    np.testing.assert_array_equal(reference.output(graph, inputs), golden.reshape(3, 24))


def float_edged(*, read_twice: bool = False) -> bytes:
    writer = Writer()
    x, y = writer.tensor("x", (1, 5), "FLOAT32"), writer.tensor("y", (1, 5), "FLOAT32")
    a, b, c = (
        writer.tensor(n, (1, 5), scale=s, zero_point=z) for n, s, z in (("a", 0.1, 5), ("b", 0.3, -9), ("c", 1, 0))
    )
    writer.operator("QUANTIZE", [x], [a])
    if read_twice:
        writer.operator("QUANTIZE", [x], [c])
    writer.operator("ADD", [a, c if read_twice else a], [b])
    writer.operator("DEQUANTIZE", [b], [y])
    return writer.finish([x], [y])


def float_graph() -> Graph:
    return verify(tflite_import.import_tflite(float_edged(), "edges"))


def test_floats_at_the_edges_become_part_of_the_contract() -> None:
    graph = float_graph()
    assert [layer.name for layer in graph.layers] == ["add_1"]
    assert (graph.inputs, graph.outputs) == (("2: a",), ("3: b",))
    assert graph.float_edges == {"2: a", "3: b"}


def test_quantized_by_the_contract_the_values_are_those_of_tflm() -> None:
    graph = float_graph()
    real = np.random.default_rng(0).normal(0, 10, (50, 5)).astype(np.float32)
    target = graph.tensors["3: b"]
    inputs = quantize_inputs(graph, real)
    golden = run_tflm(float_edged(), real)
    np.testing.assert_array_equal(inputs, golden[2].reshape(50, 5))
    outputs = reference.output(graph, inputs).astype(np.float32)
    np.testing.assert_array_equal((outputs - target.zero_point) * np.float32(target.scale), golden[1].reshape(50, 5))


def around_the_halves(scale: float) -> Float32:
    """Every k + 1/2 times the scale, its neighbours in float32, and values far out and next to 0."""
    halves = ((np.arange(-300, 300) + 0.5) * np.float32(scale)).astype(np.float32)
    near = [halves]
    for direction in (-np.inf, np.inf):
        once = np.nextafter(halves, np.float32(direction))
        near += [once, np.nextafter(once, np.float32(direction))]
    extreme = np.array([0.0, -0.0, 1e-30, -1e-30, 1e6 * scale, -1e6 * scale], np.float32)
    return np.concatenate([*near, extreme])


@pytest.mark.parametrize(("scale", "zero_point"), [(0.1, 5), (1 / 255, -128), (0.3, 127), (7 / 256, 0), (3e-5, -1)])
def test_real_inputs_are_rounded_as_tflm_rounds(scale: float, zero_point: int) -> None:
    real = around_the_halves(scale)
    writer = Writer()
    shape = (1, real.size)
    x, a, b = writer.tensor("x", shape, "FLOAT32"), *(writer.tensor(n, shape, "INT8", scale, zero_point) for n in "ab")
    writer.operator("QUANTIZE", [x], [a])
    writer.operator("ADD", [a, a], [b])
    content = writer.finish([x], [b])
    golden = run_tflm(content, real[None])[a]
    inputs = quantize_inputs(tflite_import.import_tflite(content, "edges"), real[None])
    np.testing.assert_array_equal(inputs.reshape(-1), golden.reshape(-1))


def test_inputs_beyond_every_number_are_saturated() -> None:
    real = np.array([[3e38, -3e38, 1e12, -1e12, 0]], np.float32)
    np.testing.assert_array_equal(quantize_inputs(float_graph(), real), [[127, -128, 127, -128, 5]])


def test_model_h_tells_the_caller_how_to_quantize() -> None:
    header = str(model_files(lower(float_graph(), "dense"), "0")["model.h"])
    assert "q = round(real / TP_INPUT_SCALE) + TP_INPUT_ZERO_POINT" in header
    assert "real = TP_OUTPUT_SCALE * (q - TP_OUTPUT_ZERO_POINT)" in header


def test_floats_elsewhere_are_refused_by_name() -> None:
    with pytest.raises(UnsupportedModelError, match=r"tensor 0 \('x'\) is FLOAT32; int8 models are supported"):
        tflite_import.import_tflite(float_edged(read_twice=True), "edges")
