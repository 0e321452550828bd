"""The tests' own writer of `.tflite` files: what it writes is what the importer and TFLM read."""

import numpy as np
import pytest
import tflite
from tflite_writer import OPTIONS, Writer
from tflm import run_tflm

from tinyprune import reference
from tinyprune.frontend import tflite_file
from tinyprune.frontend.tflite_import import import_tflite


def conv_model() -> bytes:
    """A 3 x 3 convolution with per-channel scales and a bias, stride 2."""
    random = np.random.default_rng(0)
    writer = Writer()
    weights = random.integers(-127, 128, (5, 3, 3, 2))
    x = writer.tensor("x", (1, 7, 7, 2), scale=0.5, zero_point=-3)
    w = writer.tensor("w", weights.shape, scale=[0.01, 0.02, 0.03, 0.04, 0.05], data=weights)
    b = writer.tensor("b", (5,), "INT32", scale=0.005, data=random.integers(-500, 500, 5))
    y = writer.tensor("y", (1, 4, 4, 5), scale=3.0, zero_point=7)
    writer.operator("CONV_2D", [x, w, b], [y], StrideH=2, StrideW=2, FusedActivationFunction=3)
    return writer.finish([x], [y])


def test_conv_is_read_as_it_was_written() -> None:
    model = tflite_file.read(conv_model(), "conv")
    assert (model.inputs, model.outputs) == ((0,), (3,))
    (conv,) = model.operators
    assert (conv.name, conv.inputs, conv.outputs) == ("CONV_2D", (0, 1, 2), (3,))
    assert conv.options["StrideH"] == 2 and conv.options["DilationWFactor"] == 1
    x, weights, bias, _ = model.tensors
    assert (x.name, x.shape, x.type, x.scale, x.zero_point, x.data) == ("x", (1, 7, 7, 2), "INT8", (0.5,), (-3,), None)
    assert weights.scale == pytest.approx((0.01, 0.02, 0.03, 0.04, 0.05)) and weights.zero_point == (0,) * 5
    expected = np.random.default_rng(0)
    np.testing.assert_array_equal(weights.data, expected.integers(-127, 128, (5, 3, 3, 2)))
    np.testing.assert_array_equal(bias.data, expected.integers(-500, 500, 5))


def test_tflm_runs_the_conv() -> None:
    content = conv_model()
    inputs = np.random.default_rng(1).integers(-128, 128, (3, 7, 7, 2), np.int8)
    expected = reference.output(import_tflite(content, "conv"), inputs)
    np.testing.assert_array_equal(run_tflm(content, inputs)[3].reshape(expected.shape), expected)


def test_codes_above_127_and_custom_operators_keep_their_names() -> None:
    names = ["BATCH_MATMUL", "GELU", "STABLEHLO_ADD", "CUSTOM my_op", "LOGISTIC"]
    writer = Writer()
    tensors = [writer.tensor(f"t{number}", (1, 4), scale=1.0) for number in range(len(names) + 1)]
    for number, name in enumerate(names):
        writer.operator(name, [tensors[number], -1], [tensors[number + 1]])
    operators = tflite_file.read(writer.finish(tensors[:1], tensors[-1:]), "m").operators
    assert [operator.name for operator in operators] == names
    assert operators[0].inputs == (0, -1)


@pytest.mark.parametrize("name", OPTIONS)
def test_every_row_of_options_can_be_written(name: str) -> None:
    writer = Writer()
    x = writer.tensor("x", (1, 4), scale=1.0)
    writer.operator(name, [x], [writer.tensor("y", (1, 4), scale=1.0)])
    root = tflite.Model.GetRootAsModel(writer.finish([x], [1]), 0)
    assert root.Subgraphs(0).Operators(0).BuiltinOptionsType() == getattr(tflite.BuiltinOptions, OPTIONS[name])


def test_a_sequence_option_is_a_vector() -> None:
    writer = Writer()
    x = writer.tensor("x", (1, 4), scale=1.0)
    writer.operator("RESHAPE", [x], [writer.tensor("y", (2, 2), scale=1.0)], NewShape=[2, 2])
    table = tflite.Model.GetRootAsModel(writer.finish([x], [1]), 0).Subgraphs(0).Operators(0).BuiltinOptions()
    options = tflite.ReshapeOptions()
    options.Init(table.Bytes, table.Pos)
    assert options.NewShapeAsNumpy().tolist() == [2, 2]


def test_options_without_a_table_are_refused() -> None:
    writer = Writer()
    x = writer.tensor("x", (1, 4), scale=1.0)
    writer.operator("LOGISTIC", [x], [x], Axis=1)
    with pytest.raises(ValueError, match="LOGISTIC"):
        writer.finish([x], [x])
