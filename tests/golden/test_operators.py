"""Random single operators: tflite-micro, the reference and the kernels on the host agree on every element."""

import chain
import pytest
from chain import Subject
from random_models import edge_inputs, random_operator
from random_operators import GENERATORS
from stateful_file import GRAPHS

from tinyprune.frontend.tflite_builders import BUILDERS

LAYERS, INPUTS, SEEDS = 10, 8, range(4)


def subject(operator: str, seed: int) -> Subject:
    content = random_operator(operator, seed, LAYERS)
    graph = chain.imported(content, operator)
    source = graph.tensors[graph.inputs[0]]
    return Subject(content, graph, edge_inputs(source.shape[1:], source.zero_point, INPUTS, seed))


def test_each_operator_that_is_imported_has_a_generator() -> None:
    assert GENERATORS.keys() | GRAPHS.keys() == BUILDERS.keys()


@pytest.mark.parametrize("operator", GENERATORS)
def test_reference_is_tflm(operator: str) -> None:
    assert chain.all_against_tflm([subject(operator, seed) for seed in SEEDS]) == [{}] * len(SEEDS)


@pytest.mark.parametrize("operator", GENERATORS)
def test_kernel_is_the_reference(operator: str) -> None:
    assert not chain.host_against_reference(subject(operator, 0), "dense")
