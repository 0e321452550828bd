"""One file, three machines: tflite-micro, the reference and the C on this machine agree in every layer."""

import numpy as np
from host import run_host
from tflm import run_tflm

from tinyprune import reference
from tinyprune.frontend.tflite_import import import_tflite
from tinyprune.ir import Graph, Int8
from tinyprune.passes.plan_memory import plan_memory
from tinyprune.passes.verify import verify


def check_agreement(content: bytes, inputs: Int8) -> Graph:
    """The graph of the file `content`, after it was run on `inputs` (n, ...)."""
    graph = plan_memory(verify(import_tflite(content, "model")))
    expected = reference.run(graph, inputs)
    golden = run_tflm(content, inputs)
    for index, values in golden.items():
        (name,) = [name for name in graph.tensors if name.startswith(f"{index}: ")]
        np.testing.assert_array_equal(expected[name], values.reshape(expected[name].shape), err_msg=f"TFLM {name}")
    run = run_host(verify(graph), inputs)
    for layer in graph.layers:
        np.testing.assert_array_equal(run.layers[layer.name], expected[layer.output], err_msg=f"C {layer.name}")
    np.testing.assert_array_equal(run.output, reference.outputs_of(graph, expected), err_msg="C, tp_invoke")
    return graph


def every_byte(shape: tuple[int, ...], count: int = 4, seed: int = 0) -> Int8:
    """All lowest, all highest, and random inputs of `shape`, which has a leading 1."""
    random = np.random.default_rng(seed).integers(-128, 128, (count, *shape[1:]), np.int8)
    random[0], random[1] = -128, 127
    return random
