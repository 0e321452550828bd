"""Random single operators: the import and the reference against tflite-micro, bit by bit."""

import numpy as np
import pytest
from tflm import run_tflm

from tinyprune import reference
from tinyprune.frontend import tflite_import
from tinyprune.passes.verify import verify

OPERATORS = (
    "conv_2d",
    "depthwise_conv_2d",
    "fully_connected",
    "add",
    "max_pool_2d",
    "average_pool_2d",
    "mean",
    "softmax",
)
LAYERS, INPUTS = 12, 6


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("operator", OPERATORS)
def test_reference_is_tflm(operator: str, seed: int) -> None:
    pytest.importorskip("tflite_micro", reason="it has wheels for Linux on x86-64 only")
    from operator_files import RandomModel

    model = RandomModel(seed)
    for _ in range(LAYERS):
        getattr(model, f"add_{operator}")()
    content, inputs = model.content(), model.inputs(INPUTS)
    graph = verify(tflite_import.import_tflite(content, operator))
    expected = run_tflm(content, inputs)
    actual = reference.run(graph, inputs)
    for layer in graph.layers:
        golden = expected[int(layer.output.split(":")[0])]
        np.testing.assert_array_equal(actual[layer.output].reshape(-1), golden.reshape(-1), err_msg=str(layer))
