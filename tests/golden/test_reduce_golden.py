"""MEAN and SUM over each set of axes, with and without the axes that are summed in the output's shape."""

from itertools import chain, combinations

import numpy as np
import pytest
from agreement import check_agreement, every_byte
from tflite_writer import Writer

from tinyprune.errors import UnsupportedModelError
from tinyprune.frontend.tflite_import import import_tflite

SHAPE = (1, 3, 4, 5)
AXES = list(chain.from_iterable(combinations(range(4), count) for count in range(1, 5)))


def reduced(name: str, writer: Writer, x: int, axes: tuple[int, ...], keep: bool, scale: float, zero_point: int) -> int:
    shape = writer.tensors[x].shape
    kept = [1 if axis in axes else size for axis, size in enumerate(shape)]
    shape = kept if keep else [size for axis, size in enumerate(kept) if axis not in axes]
    y = writer.tensor("y", shape, scale=scale, zero_point=zero_point)
    signed = [axis - 4 if axis % 2 else axis for axis in axes]
    given = writer.tensor("axes", (len(axes),), "INT32", data=signed)
    writer.operator(name, [x, given], [y], KeepDims=keep)
    return y


@pytest.mark.parametrize("name", ["MEAN", "SUM"])
def test_any_axes(name: str) -> None:
    random = np.random.default_rng(0)
    writer = Writer()
    x = writer.tensor("x", SHAPE, scale=0.1, zero_point=-11)
    y = x
    for axes in AXES:
        for keep in (True, False):
            if keep or 0 not in axes:  # the batch stays
                gain = 2 ** random.uniform(-2, 2) * (1 if name == "MEAN" else 4)
                y = reduced(name, writer, x, axes, keep, 0.1 * gain, int(random.choice([-128, 127, 3])))
    check_agreement(writer.finish([x], [y]), every_byte(SHAPE, 8))


@pytest.mark.parametrize(
    ("scale", "axes", "problem"),
    [(1e-7, (1,), "SUM .* leaves 32 bits"), (0.1, (6,), r"SUM .* is over axes \[6\] of an input of 4")],
)
def test_what_cannot_be_exact_is_refused(scale: float, axes: tuple[int, ...], problem: str) -> None:
    writer = Writer()
    x = writer.tensor("x", SHAPE, scale=1.0)
    y = reduced("SUM", writer, x, axes, True, scale, 0)
    with pytest.raises(UnsupportedModelError, match=problem):
        import_tflite(writer.finish([x], [y]), "model")
