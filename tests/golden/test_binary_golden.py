"""Operators of two inputs: every pair of shapes that broadcast, constants on either side, many scales."""

import numpy as np
import pytest
from agreement import check_agreement, every_byte
from tflite_writer import Writer

from tinyprune.errors import UnsupportedModelError
from tinyprune.frontend.tflite_import import import_tflite
from tinyprune.ir import Int8

Quantization = tuple[float, int]
OPERATORS = ("ADD", "SUB", "MUL", "MAXIMUM", "MINIMUM", "PRELU")
FUSED = ("ADD", "SUB", "MUL")
SHAPE = (1, 3, 4, 5)
CONSTANT_SHAPES = [(), (1,), (5,), (4, 1), (4, 5), (3, 1, 1), (1, 1, 1, 5), (1, 3, 1, 5), (1, 1, 4, 1), SHAPE]


def quantizations(name: str, random: np.random.Generator) -> list[Quantization]:
    """Scale and zero point of both inputs and the output; comparisons need equal ones."""

    def draw(center: float) -> Quantization:
        return center * 2 ** random.uniform(-3, 3), int(random.choice([-128, 0, 127, random.integers(-128, 128)]))

    if name in ("MAXIMUM", "MINIMUM"):
        return [draw(0.1)] * 3
    return [draw(0.1), draw(0.1), draw(0.2 if name in FUSED[:2] else 1.0)]


def of_constant(name: str, random: np.random.Generator, swapped: bool) -> bytes:
    """x with each constant, one after the other on the same x."""
    writer = Writer()
    first, second, third = quantizations(name, random)
    x = writer.tensor("x", SHAPE, scale=first[0], zero_point=first[1])
    y = x
    for shape in CONSTANT_SHAPES:
        values: Int8 = random.integers(-128, 128, shape, np.int8)
        k = writer.tensor("k", shape, scale=second[0], zero_point=second[1], data=values)
        y = writer.tensor("y", SHAPE, scale=third[0], zero_point=third[1])
        options = {"FusedActivationFunction": int(random.integers(0, 4))} if name in FUSED else {}
        writer.operator(name, [k, x] if swapped else [x, k], [y], **options)
    return writer.finish([x], [y])


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize("name", OPERATORS)
def test_constants_of_any_shape(name: str, swapped: bool) -> None:
    if name == "PRELU" and swapped:
        pytest.skip("alpha is the second input")
    for seed in range(2):
        random = np.random.default_rng(seed)
        check_agreement(of_constant(name, random, swapped), every_byte(SHAPE, 6, seed))


@pytest.mark.parametrize("name", OPERATORS)
def test_computed_operands_of_different_rank(name: str) -> None:
    """A pooled row, a mean of two axes and the whole tensor, each against each."""
    writer = Writer()
    same = {"scale": 0.1, "zero_point": -7}
    x = writer.tensor("x", SHAPE, **same)
    column = writer.tensor("column", (1, 1, 4, 5), **same)
    pool = {"StrideH": 1, "StrideW": 1, "FilterHeight": 3, "FilterWidth": 1, "Padding": 1}
    writer.operator("MAX_POOL_2D", [x], [column], **pool)
    vector = writer.tensor("vector", (1, 5), **same)
    writer.operator("MEAN", [x, writer.tensor("axes", (2,), "INT32", data=[1, 2])], [vector])
    y = x
    for a, b in ((x, x), (x, column), (column, x), (vector, x), (column, vector)):
        shape = np.broadcast_shapes(writer.tensors[a].shape, writer.tensors[b].shape)
        y = writer.tensor("y", shape, **same)
        writer.operator(name, [a, b], [y])
    check_agreement(writer.finish([x], [y]), every_byte(SHAPE, 6))


def single(name: str, quantization: list[Quantization], shape: tuple[int, ...] = (1, 5), **kind: str) -> bytes:
    writer = Writer()
    (a, az), (b, bz), (c, cz) = quantization
    x = writer.tensor("x", SHAPE, scale=a, zero_point=az)
    k = writer.tensor("k", shape, **kind, scale=b, zero_point=bz, data=np.zeros(shape))
    y = writer.tensor("y", SHAPE, scale=c, zero_point=cz)
    writer.operator(name, [x, k], [y])
    return writer.finish([x], [y])


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (single("ADD", [(0.1, 0), (0.1, 0), (1e-8, 0)]), "ADD .* between 0 and 1"),
        (single("SUB", [(0.1, 0), (0.1, 0), (1e-8, 0)]), "SUB .* between 0 and 1"),
        (single("MUL", [(1.0, 0), (1.0, 0), (1e-5, 0)]), "MUL .* leaves 32 bits"),
        (single("PRELU", [(1.0, 0), (1e-6, 0), (1e-7, 0)]), "PRELU .* leaves 32 bits"),
        (single("MAXIMUM", [(0.1, 0), (0.1, 1), (0.1, 0)]), "MAXIMUM .* different scales or zero points"),
        (single("MUL", [(1.0, 0), (1.0, 0), (1.0, 0)], (1, 4)), "MUL .* do not broadcast"),
        (single("MUL", [(1.0, 0), (1.0, 0), (1.0, 0)], type="INT16"), "MUL .* has INT16 as input 1; INT8 is"),
        (single("ADD", [(1.0, 0), (1.0, 0), (1.0, 0)], type="FLOAT32"), "ADD .* has FLOAT32 as input 1; INT8 is"),
    ],
)
def test_what_cannot_be_exact_is_refused(content: bytes, problem: str) -> None:
    with pytest.raises(UnsupportedModelError, match=problem):
        import_tflite(content, "model")
