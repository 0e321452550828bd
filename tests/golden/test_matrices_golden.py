"""Products of matrices in every layout, and transposed convolutions of odd sizes."""

import numpy as np
import pytest
from agreement import check_agreement, every_byte
from tflite_writer import Writer

from tinyprune.errors import UnsupportedModelError
from tinyprune.frontend.tflite_import import import_tflite

SHAPE = (1, 3, 4, 5)


def multiplied(shape: tuple[int, ...], swap: bool) -> tuple[int, ...]:
    return (*shape[:-2], shape[-1], shape[-2]) if swap else shape


@pytest.mark.parametrize("batch", [(), (1,), (1, 1), (1, 3)], ids=str)
@pytest.mark.parametrize("constant", [False, True])
def test_batch_matmul(batch: tuple[int, ...], constant: bool) -> None:
    """x times a constant, or times itself or a part of it; each operand as it is and transposed."""
    if not constant and len(batch) < 2:
        pytest.skip("a computed operand has the rank of x here")
    random = np.random.default_rng(len(batch))
    writer = Writer()
    x = writer.tensor("x", SHAPE, scale=0.1, zero_point=5)
    one = writer.tensor("one", (1, 1, 4, 5), scale=0.1, zero_point=5)
    pool = {"StrideH": 1, "StrideW": 1, "FilterHeight": 3, "FilterWidth": 1, "Padding": 1}
    writer.operator("MAX_POOL_2D", [x], [one], **pool)
    y = x
    for adj_x, adj_y in ((False, False), (False, True), (True, False), (True, True)):
        rows, depth = multiplied((4, 5), adj_x)
        if constant:
            shape = (*batch, *multiplied((depth, 7), adj_y))
            values = random.integers(-128, 128, shape, np.int8)
            other = writer.tensor("k", shape, scale=0.05, zero_point=-3, data=values)
            columns = 7
        elif adj_x == adj_y:
            continue  # a matrix times itself needs one of them transposed
        else:
            other, columns = (one if batch == (1, 1) else x), rows
        y = writer.tensor("y", (1, 3, rows, columns), scale=float(random.uniform(0.1, 2)), zero_point=9)
        writer.operator("BATCH_MATMUL", [x, other], [y], AdjX=adj_x, AdjY=adj_y)
    check_agreement(writer.finish([x], [y]), every_byte(SHAPE, 5))


def transposed(
    size: tuple[int, int],
    stride: tuple[int, int],
    same: bool,
    output: tuple[int, int],
    channels: int = 5,
    scales: int = 4,
) -> bytes:
    random = np.random.default_rng(sum(size) + sum(stride))
    writer = Writer()
    x = writer.tensor("x", SHAPE, scale=0.1, zero_point=-17)
    shape = writer.tensor("shape", (4,), "INT32", data=(1, *output, 4))
    scale = random.uniform(0.01, 0.05, scales).astype(np.float32).tolist()
    values = random.integers(-128, 128, (4, *size, channels), np.int8)
    weights = writer.tensor("w", values.shape, scale=scale, data=values)
    bias = writer.tensor("b", (4,), "INT32", data=random.integers(-5000, 5000, 4))
    y = writer.tensor("y", (1, *output, 4), scale=3.0, zero_point=7)
    options = {"StrideH": stride[0], "StrideW": stride[1], "Padding": 0 if same else 1}
    writer.operator("TRANSPOSE_CONV", [shape, weights, x, bias], [y], **options, FusedActivationFunction=int(same))
    return writer.finish([x], [y])


@pytest.mark.parametrize(
    ("size", "stride", "same", "output"),
    [
        ((3, 3), (2, 2), True, (6, 8)),
        ((3, 3), (2, 2), True, (5, 7)),
        ((3, 3), (2, 2), False, (7, 9)),
        ((2, 2), (2, 2), False, (6, 8)),
        ((1, 4), (1, 3), True, (3, 12)),
        ((2, 1), (3, 2), False, (9, 8)),
        ((4, 4), (1, 1), False, (6, 7)),
    ],
)
def test_transpose_conv(size: tuple[int, int], stride: tuple[int, int], same: bool, output: tuple[int, int]) -> None:
    content = transposed(size, stride, same, output, scales=1 + 3 * same)
    check_agreement(content, every_byte(SHAPE, 5))


def test_transpose_conv_of_wrong_channels_is_refused() -> None:
    with pytest.raises(
        UnsupportedModelError, match=r"TRANSPOSE_CONV .* has weights \[4, 3, 3, 6\] from \[1, 3, 4, 5\]"
    ):
        import_tflite(transposed((3, 3), (1, 1), True, (3, 4), channels=6), "model")


def test_batch_matmul_that_does_not_fit_is_refused() -> None:
    writer = Writer()
    x = writer.tensor("x", SHAPE, scale=0.1)
    y = writer.tensor("y", (1, 3, 4, 4), scale=0.1)
    writer.operator("BATCH_MATMUL", [x, x], [y])
    with pytest.raises(UnsupportedModelError, match=r"BATCH_MATMUL .* multiplies \[4, 5\] and \[4, 5\]"):
        import_tflite(writer.finish([x], [y]), "model")
