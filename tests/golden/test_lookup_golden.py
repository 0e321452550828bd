"""Unary operators: the table is what tflite-micro computes for each of the 256 inputs, over many scales."""

import numpy as np
import pytest
from agreement import check_agreement
from tflite_writer import Writer
from tflm import run_many

from tinyprune import ir
from tinyprune.errors import UnsupportedModelError
from tinyprune.frontend.tflite_import import import_tflite
from tinyprune.ir import Int8
from tinyprune.reference.lookup import clamp_of

SHAPE = (1, 16, 16)
ALL_BYTES: Int8 = np.arange(-128, 128, dtype=np.int8).reshape(SHAPE)
FIXED_OUTPUTS = {"LOGISTIC": (1 / 256, -128), "TANH": (1 / 128, 0)}
OPERATORS = ("LOGISTIC", "TANH", "RELU", "RELU6", "LEAKY_RELU", "HARD_SWISH", "QUANTIZE")
FILES = 60


def unary(name: str, source: tuple[float, int], target: tuple[float, int], **options: float) -> bytes:
    """A file of one operator; `source` and `target` are scale and zero point."""
    writer = Writer()
    x = writer.tensor("x", SHAPE, scale=source[0], zero_point=source[1])
    y = writer.tensor("y", SHAPE, scale=target[0], zero_point=target[1])
    writer.operator(name, [x], [y], **options)
    return writer.finish([x], [y])


def random_file(name: str, random: np.random.Generator) -> bytes:
    scale, ratio = 2 ** random.uniform(-14, 4), 2 ** random.uniform(-4, 4)
    if random.random() < 0.2:
        scale, ratio = 2.0 ** random.integers(-10, 3), 1.0
    zero_points = [int(random.choice([-128, 127, 0, random.integers(-128, 128)])) for _ in range(2)]
    source = (scale, zero_points[0])
    target = source if name == "RELU6" else FIXED_OUTPUTS.get(name, (scale * ratio, zero_points[1]))
    options = {"Alpha": random.uniform(-0.5, 1.5)} if name == "LEAKY_RELU" else {}
    return unary(name, source, target, **options)


@pytest.mark.parametrize("name", OPERATORS)
def test_table_is_tflm(name: str) -> None:
    random = np.random.default_rng(OPERATORS.index(name))
    files: list[bytes] = []
    tables: list[Int8] = []
    while len(tables) < FILES:
        content = random_file(name, random)
        try:
            (layer,) = import_tflite(content, "model").layers
        except UnsupportedModelError:  # scales for which TFLM has no defined result
            continue
        assert isinstance(layer, ir.Lut)
        files.append(content)
        tables.append(layer.table)
    golden = run_many([(content, ALL_BYTES) for content in files])
    np.testing.assert_array_equal(np.stack(tables), np.stack([values[1].reshape(-1) for values in golden]))


@pytest.mark.parametrize("name", OPERATORS)
def test_kernel_is_tflm(name: str) -> None:
    target = FIXED_OUTPUTS.get(name, (0.05, -3))
    options = {"Alpha": 0.125} if name == "LEAKY_RELU" else {}
    check_agreement(unary(name, (0.05, -3), target, **options), np.stack([ALL_BYTES[0], ALL_BYTES[0][::-1]]))


def test_a_table_that_is_a_clamp_is_seen() -> None:
    def table(content: bytes) -> Int8:
        (layer,) = import_tflite(content, "model").layers
        assert isinstance(layer, ir.Lut)
        return layer.table

    same = (0.1, -5)
    assert clamp_of(table(unary("RELU", same, same))) == (-5, 127)
    assert clamp_of(table(unary("RELU6", same, same))) == (-5, 55)
    assert clamp_of(table(unary("QUANTIZE", same, same))) == (-128, 127)
    assert clamp_of(table(unary("RELU", same, (0.1, -6)))) is None
    assert clamp_of(table(unary("LEAKY_RELU", same, same, Alpha=0.5))) is None


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (unary("LOGISTIC", (0.1, 0), (1 / 256, 0)), "LOGISTIC .* output scale 0.00390625 and zero point 0, not 1/256"),
        (unary("LOGISTIC", (1e-9, 0), (1 / 256, -128)), "LOGISTIC .* input scale 1e-09"),
        (unary("TANH", (0.1, 0), (1 / 256, 0)), "TANH .* not 1/128 and 0"),
        (unary("RELU6", (0.1, 0), (0.2, 0)), "RELU6 .* changes the scale"),
        (unary("HARD_SWISH", (0.1, 0), (1e-6, 0)), "HARD_SWISH .* outside what TFLM computes"),
        (unary("QUANTIZE", (100.0, 0), (1e-6, 0)), "QUANTIZE .* leaves 32 bits"),
    ],
)
def test_scales_that_tflm_does_not_define_are_refused(content: bytes, problem: str) -> None:
    with pytest.raises(UnsupportedModelError, match=problem):
        import_tflite(content, "model")
