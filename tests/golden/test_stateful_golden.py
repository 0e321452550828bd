"""Layers that remember, over sequences of inputs: tflite-micro, the reference and the C on this machine agree."""

import numpy as np
import pytest
from host import run_host
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from random_stateful import graphs
from stateful_file import StatefulFile
from tflm import run_tflm

from tinyprune import reference
from tinyprune.frontend.tflite_import import import_tflite
from tinyprune.ir import Graph, Int8, Quant, Svdf, Tensor
from tinyprune.passes.plan_memory import plan_memory
from tinyprune.passes.verify import verify
from tinyprune.stateful import State

LAYERS, EXAMPLES, LENGTH = 10, 3, 6
BOUNDED = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],  # an example is a compilation: too slow to shrink
    suppress_health_check=list(HealthCheck),
)


def sequence(graph: Graph, length: int = LENGTH) -> Int8:
    """All lowest, all highest, and random values."""
    shape = graph.tensors[graph.inputs[0]].shape
    inputs = np.random.default_rng(0).integers(-128, 128, (length, *shape[1:]), np.int8)
    inputs[1], inputs[2] = -128, 127
    return inputs


def carried_on(graph: Graph, inputs: Int8) -> dict[str, Int8]:
    """As `reference.run`, but each input finds what the model remembers of those before."""
    states, values = reference.initial_states(graph, 1), list[dict[str, Int8]]()
    for one in inputs:
        computed, states = reference.resume(graph, one[np.newaxis], states)
        values.append(computed)
    return {name: np.concatenate([one[name] for one in values]) for name in values[0]}


def check_sequences(content: bytes, inputs: Int8) -> Graph:
    """The graph of the file `content`, run on `inputs` (n, ...) as one sequence, and each on its own."""
    graph = plan_memory(verify(import_tflite(content, "model")))
    expected = carried_on(graph, inputs)
    for index, values in run_tflm(content, inputs).items():
        (name,) = [name for name in graph.tensors if name.startswith(f"{index}: ")]
        np.testing.assert_array_equal(expected[name], values.reshape(expected[name].shape), err_msg=f"TFLM {name}")
    check_host(graph, inputs, expected, len(inputs))
    check_host(graph, inputs, reference.run(graph, inputs), 1)
    return graph


def check_host(graph: Graph, inputs: Int8, expected: dict[str, Int8], length: int) -> None:
    run = run_host(graph, inputs, length)
    for layer in graph.layers:
        np.testing.assert_array_equal(run.layers[layer.name], expected[layer.output], err_msg=f"C {layer.name}")
    np.testing.assert_array_equal(run.output, expected[graph.outputs[0]])


@pytest.mark.parametrize("kind", ["lstm", "svdf"])
@BOUNDED
@given(data=st.data())
def test_random_layers(kind: str, data: st.DataObject) -> None:
    graph = data.draw(graphs(kind, LAYERS))
    check_sequences(StatefulFile(graph).content(), sequence(graph))


def test_scales_are_multiplied_in_double_precision() -> None:
    """Sums so close to ties that a product of two scales, rounded to float32, would send half of them elsewhere."""
    scale, time_scale, output_scale = (float(np.float32(value)) for value in (0.3, 0.07, 0.3 * 0.07 * 2**23 * 1.3))
    ties = (np.arange(-120, 120) + 0.5) * output_scale / (scale * time_scale)
    sums = np.concatenate([np.round(ties * (1 + part * 2.0**-25)) for part in (-0.4, -0.2, 0.2, 0.4)]).astype(np.int32)
    state = State("svdf_0_state", (1, len(sums), 1), 16, Quant((scale,), 0))
    none = np.zeros((len(sums), 1), np.int8)
    layer = Svdf("svdf_0", "input", "output", none, 1.0, none.astype(np.int16), time_scale, sums, state)
    shapes = {"input": ((1, 1), 1.0), "output": ((1, len(sums)), output_scale)}
    tensors = {name: Tensor(name, shape, Quant((of,), 0)) for name, (shape, of) in shapes.items()}
    graph = Graph("ties", tensors, (layer,), ("input",), ("output",))
    check_sequences(StatefulFile(graph).content(), np.zeros((1, 1), np.int8))
