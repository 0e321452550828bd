"""Models of several inputs and outputs, in every way that a file can list them: TFLM, reference, C on the host."""

import numpy as np
import pytest
from agreement import check_agreement, every_byte
from tangle import SAME, SHAPE, tangle
from tflite_writer import Writer

from tinyprune import edges, ir
from tinyprune.codegen.model import model_files
from tinyprune.errors import TinypruneError, UnsupportedModelError
from tinyprune.frontend.tflite_import import import_tflite
from tinyprune.ir import Graph
from tinyprune.passes.verify import InvalidGraphError, verify
from tinyprune.pipeline import lower


def checked(content: bytes) -> Graph:
    graph = import_tflite(content, "tangle")
    return check_agreement(content, every_byte((1, *edges.shape(graph, graph.inputs))))


@pytest.mark.parametrize(
    ("inputs", "outputs"),
    [
        ("a b", "bent flat"),
        ("b a", "flat bent"),
        ("a b", "sum bent flat"),  # one that others read, and its view
        ("a b", "bent bent"),  # listed twice
        ("a b", "b bent a"),  # inputs that are outputs
        ("a unused b", "bent"),
        ("a b unused", "flat unused"),
    ],
)
def test_every_way_to_list_them(inputs: str, outputs: str) -> None:
    graph = checked(tangle(inputs.split(), outputs.split()))
    assert edges.labels(graph.inputs) == inputs.split()
    assert [name.partition(": ")[2] for name in graph.outputs] == outputs.split()


@pytest.mark.parametrize("seed", range(8))
def test_random_edges(seed: int) -> None:
    """Sums, maxima and reshapes of what there is so far; any tensors are outputs, inputs and repetitions too."""
    random = np.random.default_rng(seed)
    writer = Writer()
    inputs = [writer.tensor(f"x{i}", SHAPE, **SAME) for i in range(random.integers(1, 5))]
    shape = writer.tensor("shape", (3,), "INT32", data=SHAPE)
    made = [*inputs]
    for number in range(random.integers(1, 9)):
        y = writer.tensor(f"y{number}", SHAPE, **SAME)
        name = str(random.choice(["ADD", "MAXIMUM", "RESHAPE"]))
        x, other = (int(one) for one in random.choice(made, 2))
        writer.operator(name, [x, shape if name == "RESHAPE" else other], [y])
        made.append(y)
    outputs = [int(one) for one in random.choice(made, random.integers(1, 6))]
    checked(writer.finish(inputs, outputs))


def test_float_edges_among_int8_ones() -> None:
    writer = Writer()
    x, y = writer.tensor("x", SHAPE, "FLOAT32"), writer.tensor("y", SHAPE, "FLOAT32")
    a, b, c = (writer.tensor(name, SHAPE, **SAME) for name in "abc")
    writer.operator("QUANTIZE", [x], [a])
    writer.operator("ADD", [a, b], [c])
    writer.operator("DEQUANTIZE", [c], [y])
    graph = verify(import_tflite(writer.finish([b, x], [c, y]), "floats"))
    assert edges.labels(graph.inputs) == ["b", "a"] and edges.labels(graph.outputs) == ["arr_0", "arr_1"]
    assert {name.partition(": ")[2] for name in graph.float_edges} == {"a", "c"}
    header = str(model_files(lower(graph, "dense"), "0")["model.h"])
    assert "q = round(real / TP_INPUT_1_SCALE) + TP_INPUT_1_ZERO_POINT" in header
    assert "TP_INPUT_0_SCALE)" not in header


def test_model_h_has_the_constants_of_each() -> None:
    graph = lower(verify(import_tflite(tangle(["a", "b"], ["bent", "flat"]), "tangle")), "dense")
    header = str(model_files(graph, "0")["model.h"])
    for line in (
        "#define TP_INPUT_COUNT 2",
        "#define TP_INPUTS_BYTES 20 /* of all of them */",
        '#define TP_INPUT_1_NAME "b"',
        "#define TP_INPUT_1_SHAPE {1, 5}",
        "#define TP_INPUT_1_SCALE 0.125f",
        "#define TP_INPUT_1_ZERO_POINT (100)",
        "#define TP_OUTPUT_0_BYTES 15",
        "extern int8_t tp_output_1[TP_OUTPUT_1_BYTES] __attribute__((aligned(4)));",
    ):
        assert line in header.splitlines()


@pytest.mark.parametrize(
    ("inputs", "outputs", "reason"),
    [
        ("", "bent", "has no inputs"),
        ("a b", "", "has no outputs"),
        ("a a b", "bent", "a tensor is written twice"),
        ("a", "bent", r"ADD \(layer 0, 'sum'\) reads tensor 1 as input 1, which no earlier layer computes"),
        ("a b", "bent unused", "output 'unused' is never computed"),
    ],
)
def test_what_cannot_be_is_refused(inputs: str, outputs: str, reason: str) -> None:
    with pytest.raises((TinypruneError, UnsupportedModelError), match=reason):
        import_tflite(tangle(inputs.split(), outputs.split()), "tangle")


def test_a_constant_is_no_output() -> None:
    tensor = ir.Tensor("k", (1, 2), ir.Quant((1.0,), 0))
    x = ir.Tensor("x", (1, 2), ir.Quant((1.0,), 0))
    graph = Graph("bad", {"x": x, "k": tensor}, (), ("x",), ("k",), {"k": np.zeros((1, 2), np.int8)})
    with pytest.raises(InvalidGraphError, match="output 'k' is never computed"):
        verify(graph)
