"""Sparse-encoded weights: read, densified, carried on."""

import contextlib
from typing import Any

import numpy as np
import pytest
import tflite_writer
from hypothesis import given
from hypothesis import strategies as st
from tflite_writer import TensorRow, Writer

from tinyprune import formats, ir
from tinyprune.errors import TinypruneError
from tinyprune.frontend import tflite_import
from tinyprune.frontend.densify import Level, Sparsity, densify
from tinyprune.ir import Int8
from tinyprune.passes.verify import verify


def encoded(dense: Int8, block: int) -> tuple[Int8, Sparsity]:
    """`dense` (rows, columns) by rows, of each row the blocks of `block` columns that are not all zero."""
    rows, columns = dense.shape
    blocks = dense.reshape(rows, columns // block, block)
    kept = blocks.any(axis=2)
    segments = np.concatenate([[0], np.cumsum(kept.sum(axis=1))])
    levels = (Level(rows), Level(0, segments.astype(np.int64), np.nonzero(kept)[1].astype(np.int64)))
    if block == 1:
        return blocks[kept].reshape(-1), Sparsity((0, 1), (), levels)
    return blocks[kept].reshape(-1), Sparsity((0, 1, 2), (1,), (*levels, Level(block)))


def sparse_array(seed: int, rows: int, columns: int) -> Int8:
    random = np.random.default_rng(seed)
    return (random.integers(-128, 128, (rows, columns)) * (random.random((rows, columns)) < 0.2)).astype(np.int8)


@given(st.integers(0, 99), st.integers(1, 9), st.integers(1, 5), st.sampled_from([1, 2, 4]))
def test_what_was_encoded_comes_back(seed: int, rows: int, blocks: int, block: int) -> None:
    dense = sparse_array(seed, rows, blocks * block)
    np.testing.assert_array_equal(densify(*encoded(dense, block), dense.shape), dense)


def test_levels_in_another_order() -> None:
    dense = sparse_array(0, 5, 8)
    values, by_columns = encoded(np.ascontiguousarray(dense.T), 1)
    sparsity = Sparsity((1, 0), (), by_columns.levels)
    np.testing.assert_array_equal(densify(values, sparsity, dense.shape), dense)


BROKEN = {
    "an axis is missing": Sparsity((0,), (), (Level(2),)),
    "too few segments": Sparsity((0, 1), (), (Level(2), Level(0, np.array([0, 1]), np.array([0])))),
    "segments beyond the indices": Sparsity((0, 1), (), (Level(1), Level(0, np.array([0, 9]), np.array([0])))),
    "an index outside": Sparsity((0, 1), (), (Level(1), Level(0, np.array([0, 1]), np.array([7])))),
    "twice the same place": Sparsity((0, 1), (), (Level(1), Level(0, np.array([0, 2]), np.array([1, 1])))),
    "more places than elements": Sparsity((0, 1), (), (Level(1 << 30), Level(1 << 30))),
    "fewer values": Sparsity((0, 1), (), (Level(2), Level(2))),
    "a negative size": Sparsity((0, 1), (), (Level(-1), Level(-1))),
    "a block of no axis": Sparsity((0, 1, 2), (5,), (Level(1), Level(1), Level(1))),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_encoding_is_refused(name: str) -> None:
    with pytest.raises(ValueError):
        densify(np.ones(1, np.int8), BROKEN[name], (2, 2))


class SparseFile(tflite_writer._File):
    """Adds its encoding to the tensor named 'sparse'."""

    sparsity: Sparsity

    def tensor(self, row: TensorRow, buffer: int) -> int:
        if row.name != "sparse":
            return super().tensor(row, buffer)
        fields: dict[str, Any] = {"Name": self.builder.CreateString(row.name), "Shape": self.ints((4, 8))}
        levels = self.offsets([self.level(level) for level in self.sparsity.levels])
        fields["Sparsity"] = self.table(
            "SparsityParameters",
            TraversalOrder=self.ints(self.sparsity.order),
            BlockMap=self.ints(self.sparsity.block_map),
            DimMetadata=levels,
        )
        return self.table("Tensor", **fields, Type=9, Buffer=buffer)

    def level(self, level: Level) -> int:
        if level.segments is None or level.indices is None:
            return self.table("DimensionMetadata", Format=0, DenseSize=level.size)
        segments = self.table("Int32Vector", Values=self.ints(level.segments.tolist()))
        values = self.builder.CreateByteVector(level.indices.astype(np.uint8).tobytes())
        indices = self.table("Uint8Vector", Values=values)
        fields = {"ArraySegmentsType": 1, "ArraySegments": segments, "ArrayIndicesType": 3, "ArrayIndices": indices}
        return self.table("DimensionMetadata", Format=1, **fields)


def sparse_model(dense: Int8, block: int) -> bytes:
    values, sparsity = encoded(dense, block)
    writer = Writer()
    x, y = writer.tensor("x", (1, 8), scale=0.5), writer.tensor("y", (1, 4), scale=4)
    stored = writer.tensor("sparse", values.shape, data=values)
    weights = writer.tensor("weights", dense.shape, scale=0.1)
    writer.operator("DENSIFY", [stored], [weights])
    writer.operator("FULLY_CONNECTED", [x, weights, -1], [y])
    file = SparseFile(writer)
    file.sparsity = sparsity
    return file.content([x], [y])


@pytest.mark.parametrize("block", [1, 4])
def test_a_sparse_file_is_the_dense_model(block: int) -> None:
    dense = sparse_array(3, 4, 8)
    graph = verify(tflite_import.import_tflite(sparse_model(dense, block), "sparse"))
    (layer,) = graph.layers
    assert isinstance(layer, ir.Dense)
    np.testing.assert_array_equal(formats.unpack(layer.weights), dense)
    assert layer.weights.quant.scale == pytest.approx((0.1,))


def test_a_damaged_sparse_file_ends_in_a_clean_error() -> None:
    content = sparse_model(sparse_array(3, 4, 8), 4)
    for position in range(0, len(content), 3):
        damaged = bytearray(content)
        damaged[position] ^= 0xFF
        with contextlib.suppress(TinypruneError):
            verify(tflite_import.import_tflite(bytes(damaged), "damaged"))
