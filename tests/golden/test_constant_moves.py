"""Constants that are moved: joined with what is computed, or alone."""

import numpy as np
import pytest
from agreement import check_agreement, every_byte
from tflite_writer import Option, Writer

from tinyprune.errors import UnsupportedModelError
from tinyprune.frontend.tflite_import import import_tflite
from tinyprune.passes.simplify import simplify

SAME = {"scale": 0.5, "zero_point": -7}
K = np.arange(-12, 12, dtype=np.int8)


def joined(name: str, order: str, **options: Option) -> bytes:
    """x and two constants, in an order like "kxl"."""
    writer = Writer()
    index = {
        "x": writer.tensor("x", (1, 3, 4), **SAME),
        "k": writer.tensor("k", (1, 3, 4), **SAME, data=K[:12]),
        "l": writer.tensor("l", (1, 3, 4), **SAME, data=K[12:]),
    }
    shape = {"CONCATENATION": (1, 3, 4 * len(order)), "PACK": (1, len(order), 3, 4)}[name]
    y = writer.tensor("y", shape, **SAME)
    writer.operator(name, [index[one] for one in order], [y], **options)
    return writer.finish([index["x"]], [y])


@pytest.mark.parametrize("order", ["kx", "xk", "kxl", "kxk", "xkx"])
def test_joined(order: str) -> None:
    check_agreement(joined("CONCATENATION", order, Axis=2), every_byte((1, 3, 4)))
    check_agreement(joined("PACK", order, Axis=1, ValuesCount=len(order)), every_byte((1, 3, 4)))


ALONE: dict[str, tuple[tuple[int, ...], tuple[object, ...], dict[str, Option]]] = {
    "PAD": ((1, 3, 10), ([[0, 0], [0, 0], [1, 1]],), {}),
    "TRANSPOSE": ((1, 8, 3), ([0, 2, 1],), {}),
    "SLICE": ((1, 2, 8), ([0, 1, 0], [1, 2, 8]), {}),
    "STRIDED_SLICE": ((1, 3, 4), ([0, 0, 0], [1, 3, 8], [1, 1, 2]), {}),
    "RESHAPE": ((1, 24), ([1, 24],), {}),
    "EXPAND_DIMS": ((1, 1, 3, 8), (1,), {}),
}


@pytest.mark.parametrize("name", ALONE)
def test_alone(name: str) -> None:
    """What is made of the constant is a second output, and stays itself through the lossless passes."""
    shape, constants, options = ALONE[name]
    writer = Writer()
    x, y = writer.tensor("x", (1, 5), **SAME), writer.tensor("y", (1, 5), scale=1 / 256, zero_point=-128)
    k, z = writer.tensor("k", (1, 3, 8), **SAME, data=K), writer.tensor("z", shape, **SAME)
    operands = [writer.tensor(f"c{i}", np.shape(v), "INT32", data=v) for i, v in enumerate(constants)]
    writer.operator("LOGISTIC", [x], [y])
    writer.operator(name, [k, *operands], [z], **options)
    graph = check_agreement(writer.finish([x], [y, z]), every_byte((1, 5)))
    assert graph.constants.keys() == simplify(graph).constants.keys() and len(graph.constants) == 1


def test_parts_and_enlargements() -> None:
    writer = Writer()
    x, y = writer.tensor("x", (1, 4, 6, 2), **SAME), writer.tensor("y", (1, 4, 12, 2), **SAME)
    k, large = writer.tensor("k", (1, 2, 3, 2), **SAME, data=K[:12]), writer.tensor("large", (1, 4, 3, 2), **SAME)
    flat = writer.tensor("flat", (1, 4, 6, 1), **SAME, data=K)
    halves = [writer.tensor(f"h{i}", (1, 4, 3, 1), **SAME) for i in "01"]
    size, axis = writer.tensor("size", (2,), "INT32", data=[4, 3]), writer.tensor("axis", (), "INT32", data=2)
    writer.operator("RESIZE_NEAREST_NEIGHBOR", [k, size], [large])
    writer.operator("SPLIT", [axis, flat], halves, NumSplits=2)
    both = writer.tensor("both", (1, 4, 3, 2), **SAME)
    writer.operator("CONCATENATION", halves, [both], Axis=3)
    writer.operator("CONCATENATION", [large, x, both], [y], Axis=2)
    check_agreement(writer.finish([x], [y]), every_byte((1, 4, 6, 2)))


def test_a_constant_of_another_scale_is_refused() -> None:
    writer = Writer()
    x, y = writer.tensor("x", (1, 4), **SAME), writer.tensor("y", (1, 8), **SAME)
    k = writer.tensor("k", (1, 4), scale=0.25, data=[1, 2, 3, 4])
    writer.operator("CONCATENATION", [x, k], [y], Axis=1)
    with pytest.raises(UnsupportedModelError, match=r"changes the quantization of input 1 from scale 0\.25"):
        import_tflite(writer.finish([x], [y]), "m")
