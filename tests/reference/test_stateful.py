"""Layers that remember, in the reference: independent inputs, and sequences of them."""

import re

import numpy as np
import pytest
from stateful_file import lstm_graph, svdf_graph

from tinyprune import paths, reference
from tinyprune.ir import Graph, Int8
from tinyprune.reference.sigmoid_16 import TABLE, sigmoid, tanh

GRAPHS = pytest.mark.parametrize("graph", [lstm_graph(), svdf_graph()], ids=["lstm", "svdf"])
INT16 = np.arange(-(2**15), 2**15)


def inputs(graph: Graph, count: int = 5) -> Int8:
    return np.random.default_rng(1).integers(-128, 128, (count, *graph.tensors["x"].shape[1:]), np.int8)


@GRAPHS
def test_the_inputs_of_a_batch_are_independent(graph: Graph) -> None:
    batch = inputs(graph)
    together = reference.output(graph, batch)
    alone = [reference.output(graph, one[np.newaxis])[0] for one in batch]
    np.testing.assert_array_equal(together, alone)


@GRAPHS
def test_what_a_model_remembers_changes_what_it_gives(graph: Graph) -> None:
    batch = inputs(graph)
    _, states = reference.resume(graph, batch, reference.initial_states(graph, len(batch)))
    values, _ = reference.resume(graph, batch[::-1], states)
    assert not np.array_equal(values["y"], reference.output(graph, batch[::-1]))


def test_one_long_sequence_is_two_short_ones() -> None:
    """A sequence of six steps as two inputs of three, and with the steps of either as inputs of one."""
    graph = lstm_graph()
    first, second = inputs(graph, 2)[:, np.newaxis]
    before, states = reference.resume(graph, first, reference.initial_states(graph, 1))
    after, states = reference.resume(graph, second, states)
    np.testing.assert_array_equal(states["lstm_0_hidden"][0], after["y"][0, -1:])
    assert not np.array_equal(before["y"], after["y"])


def test_functions_are_close_to_the_real_ones() -> None:
    np.testing.assert_allclose(sigmoid(INT16) / 2**15, 1 / (1 + np.exp(-INT16 / 2**12)), atol=2**-13)
    np.testing.assert_allclose(tanh(INT16, 0) / 2**15, np.tanh(INT16 / 2**12), atol=2**-12)
    np.testing.assert_allclose(tanh(INT16, -3) / 2**15, np.tanh(INT16 / 2**15), atol=2**-12)
    np.testing.assert_allclose(tanh(INT16, 2) / 2**15, np.tanh(INT16 / 2**10), atol=2**-11)


def test_the_table_in_c_is_the_table_of_the_reference() -> None:
    header = (paths.kernels() / "include" / "tp_sigmoid.h").read_text(encoding="utf-8")
    (numbers,) = re.findall(r"tp_sigmoid_table\[256\] = \{([^}]*)\}", header)
    assert [int(number) for number in re.findall(r"\d+", numbers)] == TABLE.tolist()
