"""What a data-movement operator cannot be, said in one error that names the operator and the layer."""

import numpy as np
import pytest
from tflite_writer import Option, Writer

from tinyprune.errors import TinypruneError, UnsupportedModelError
from tinyprune.frontend import tflite_import
from tinyprune.passes.verify import verify

Shape = tuple[int, ...]


def imported(name: str, shape: Shape, output: Shape, *constants: object, scale: float = 0.5, **options: Option) -> None:
    writer = Writer()
    x, y = writer.tensor("x", shape, scale=0.5), writer.tensor("y", output, scale=scale)
    operands = [writer.tensor(f"c{i}", np.shape(v), "INT32", data=v) for i, v in enumerate(constants)]
    inputs = [*operands, x] if name == "SPLIT" else [x, *operands]
    writer.operator(name, inputs, [y], **options)
    verify(tflite_import.import_tflite(writer.finish([x], [y]), "m"))


REFUSED: dict[str, tuple[str, Shape, Shape, tuple[object, ...], dict[str, Option], str]] = {
    "paddings": ("PAD", (1, 4), (1, 4), ([[0, 0]],), {}, "has paddings"),
    "negative pad": ("PAD", (1, 4), (1, 3), ([[0, 0], [0, -1]],), {}, "has paddings"),
    "pad's shape": ("PAD", (1, 4), (1, 6), ([[0, 0], [0, 1]],), {}, r"gives shape \[1, 5\]"),
    "permutation": ("TRANSPOSE", (1, 4), (4, 1), ([1, 1],), {}, r"permutes axes \[1, 1\]"),
    "axis": ("CONCATENATION", (1, 4), (1, 4), (), {"Axis": 2}, "is along axis 2 of 2"),
    "activation": ("CONCATENATION", (1, 4), (1, 4), (), {"Axis": 1, "FusedActivationFunction": 1}, "fused activation"),
    "too long": ("CONCATENATION", (1, 4), (1, 3), (), {"Axis": 1}, "joins more than the 3"),
    "too short": ("CONCATENATION", (1, 4), (1, 5), (), {"Axis": 1}, "writes 4 of 5 elements"),
    "uneven": ("SPLIT", (1, 4), (1, 3), (1,), {"NumSplits": 1}, r"gives shape \[1, 4\]"),
    "sizes": ("SPLIT_V", (1, 4), (1, 4), ([5], 1), {"NumSplits": 1}, r"splits 4 into \[5\]"),
    "slices": ("UNPACK", (1, 4), (1,), (), {"Axis": 1, "Num": 1}, "has 1 outputs for 4 slices"),
    "packed": ("PACK", (1, 4), (1, 2, 4), (), {"Axis": 1, "ValuesCount": 1}, "packs 1 inputs into 2"),
    "outside": ("SLICE", (1, 4), (1, 4), ([0, 1], [1, 4]), {}, "outside of shape"),
    "empty": ("STRIDED_SLICE", (1, 4), (1, 1), ([0, 3], [1, 3], [1, 1]), {}, "takes nothing of axis 1"),
    "stride 0": ("STRIDED_SLICE", (1, 4), (1, 4), ([0, 0], [1, 4], [1, 0]), {}, "has stride 0 on axis 1"),
    "ellipsis": ("STRIDED_SLICE", (1, 4), (1, 4), ([0, 0], [1, 4], [1, 1]), {"EllipsisMask": 1}, "ellipsis mask"),
    "rank": ("STRIDED_SLICE", (1, 4), (1, 4), ([0], [1], [1]), {}, "has 1 begins, 1 ends, 1 strides for 2 axes"),
    "size": ("RESIZE_NEAREST_NEIGHBOR", (1, 4), (1, 8), ([1, 8],), {}, "NHWC"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_is_refused_with_its_reason(case: str) -> None:
    name, shape, output, constants, options, reason = REFUSED[case]
    with pytest.raises(TinypruneError, match=reason):
        imported(name, shape, output, *constants, **options)


def test_a_change_of_scale_is_no_move() -> None:
    with pytest.raises(UnsupportedModelError, match=r"TRANSPOSE \(layer 0, 'y'\) changes the quantization of input 0"):
        imported("TRANSPOSE", (1, 4), (4, 1), [1, 0], scale=0.25)


def test_operands_must_be_constants() -> None:
    writer = Writer()
    x, y = writer.tensor("x", (1, 4), scale=1), writer.tensor("y", (4, 1), scale=1)
    order = writer.tensor("order", (2,), "INT32")
    writer.operator("TRANSPOSE", [x, order], [y])
    with pytest.raises(UnsupportedModelError, match="needs a constant INT32 as input 1"):
        tflite_import.import_tflite(writer.finish([x], [y]), "m")


def test_a_batch_of_the_model_input_is_refused() -> None:
    with pytest.raises(UnsupportedModelError, match="the batch must be 1"):
        imported("TRANSPOSE", (2, 4), (4, 2), [1, 0])
