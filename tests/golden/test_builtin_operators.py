"""The whole list of TFLite's builtin operators: each builds, or is refused by its name. And what docs/ says of them."""

import re
from pathlib import Path

import numpy as np
import pytest
import tflite
from host import run_host
from random_models import random_operator
from stateful_file import GRAPHS, StatefulFile
from tflite_writer import Writer

from tinyprune import reference
from tinyprune.errors import UnsupportedModelError
from tinyprune.frontend import tflite_matrices, tflite_moves, tflite_reduce
from tinyprune.frontend.tflite_builders import BUILDERS, WITHOUT_A_LAYER
from tinyprune.frontend.tflite_import import import_tflite
from tinyprune.passes import verify as verification
from tinyprune.passes.verify import verify
from tinyprune.pipeline import lower

ALL = [name for name in vars(tflite.BuiltinOperator) if name.isupper()]
REFUSED = [name for name in ALL if name not in BUILDERS]
DOCUMENT = (Path(__file__).parents[2] / "docs/operators.md").read_text(encoding="utf-8")
ROWS = dict(re.findall(r"^\| ([A-Z0-9_]+) \| (.*) \|$", DOCUMENT, re.MULTILINE))


def single(name: str) -> bytes:
    """A file of one operator, from activation 'x' to activation 'y', both int8."""
    writer = Writer()
    x, y = writer.tensor("x", (1, 4), scale=0.5), writer.tensor("y", (1, 4), scale=0.5)
    writer.operator(name, [x], [y])
    return writer.finish([x], [y])


def test_the_list_is_that_of_the_schema() -> None:
    assert len(ALL) > 200 and BUILDERS.keys() | WITHOUT_A_LAYER.keys() < {*ALL}
    assert not BUILDERS.keys() & WITHOUT_A_LAYER.keys()


@pytest.mark.parametrize("name", BUILDERS)
def test_a_supported_one_builds(name: str) -> None:
    """From the file to compiled C that computes what the reference does."""
    content = StatefulFile(GRAPHS[name]()).content() if name in GRAPHS else random_operator(name, 0, 1)
    graph = verify(import_tflite(content, "m"))
    inputs = np.random.default_rng(0).integers(-128, 128, (3, *graph.tensors[graph.inputs[0]].shape[1:]), np.int8)
    run = run_host(lower(graph, "auto"), inputs)
    np.testing.assert_array_equal(run.output, reference.output(graph, inputs))


@pytest.mark.parametrize("name", [*REFUSED, "CUSTOM my_op", "CODE 250"])
def test_any_other_names_itself_the_layer_and_what_is_supported(name: str) -> None:
    with pytest.raises(UnsupportedModelError) as caught:
        import_tflite(single(name), "m")
    shown = {"CUSTOM": "CUSTOM ", "CODE 250": "operator code 250"}.get(name, name)
    assert caught.value.what == f"m: not supported: {shown} (layer 0, 'y')"
    words = re.findall(r"[A-Z0-9_]{3,}", caught.value.remedy)
    assert words == sorted(BUILDERS.keys() | WITHOUT_A_LAYER.keys())


def test_all_that_are_not_supported_are_named_at_once() -> None:
    writer = Writer()
    x, y, z = (writer.tensor(name, (1, 4), scale=0.5) for name in "xyz")
    writer.operator("ABS", [x], [y])
    writer.operator("CUSTOM my_op", [y], [z])
    with pytest.raises(UnsupportedModelError, match=r"ABS \(layer 0, 'y'\), CUSTOM my_op \(layer 1, 'z'\)"):
        import_tflite(writer.finish([x], [z]), "m")


def test_several_subgraphs_are_not_called_damage() -> None:
    writer = Writer()
    x = writer.tensor("x", (1, 4), scale=0.5)
    y = writer.tensor("y", (1, 4), scale=0.5)
    writer.operator("RELU", [x], [y])
    with pytest.raises(UnsupportedModelError, match="has 2 subgraphs; models with one are supported"):
        import_tflite(writer.finish([x], [y], subgraphs=2), "m")


def test_the_document_has_a_row_for_each_operator_that_is_supported() -> None:
    assert list(ROWS) == sorted(BUILDERS.keys() | WITHOUT_A_LAYER.keys())
    assert all(len(row.split(" | ")) == 2 and all(row.split(" | ")) for row in ROWS.values())


@pytest.mark.parametrize(
    ("limit", "places"),
    [
        (tflite_matrices.MAX_DEPTH, [ROWS.get("BATCH_MATMUL", "")]),
        (tflite_reduce.MAX_VALUES, [ROWS.get("MEAN", ""), ROWS.get("SUM", "")]),
        (tflite_moves.MAX_SIDE, [ROWS.get("RESIZE_NEAREST_NEIGHBOR", "")]),
        (verification.MAX_SOFTMAX_DEPTH, [ROWS.get("SOFTMAX", "")]),
        (verification.MAX_COUNT, [DOCUMENT]),
        (verification.MAX_TENSOR_BYTES, [DOCUMENT]),
    ],
)
def test_the_document_has_the_limits_of_the_code(limit: int, places: list[str]) -> None:
    assert all(f"{limit:,}" in place for place in places)
