"""A seeded sample of random models through the whole chain; `make verify` runs many more."""

from pathlib import Path

import chain
import numpy as np
import pytest
from chain import Subject
from random_models import edge_inputs, random_model
from random_operators import GENERATORS

from tinyprune import reference
from tinyprune.errors import ToolMissingError
from tinyprune.frontend import tflite_file
from tinyprune.frontend.tflite_operators import BUILDERS

INPUTS = 8
FORMATS = ("dense", "csr")
SAMPLE = range(40)
ON_HOST = range(10)
EMULATED = range(3)


def subject(seed: int) -> Subject:
    content = random_model(seed)
    graph = chain.imported(content, f"random_{seed}")
    source = graph.tensors[graph.inputs[0]]
    return Subject(content, graph, edge_inputs(source.shape[1:], source.zero_point, INPUTS, seed))


def test_a_seed_is_a_model() -> None:
    assert random_model(1) == random_model(1) != random_model(2)


def test_the_sample_has_every_operator_and_clamp() -> None:
    operators = [op for seed in SAMPLE for op in tflite_file.read(random_model(seed), "m").operators]
    assert {operator.name for operator in operators} == GENERATORS.keys() & BUILDERS.keys()
    assert {operator.options.get("FusedActivationFunction") for operator in operators} >= {0, 1, 2, 3}


def test_most_layers_are_neither_constant_nor_saturated() -> None:
    """Else a comparison of outputs would show little."""
    spread = list[bool]()
    for seed in SAMPLE:
        one = subject(seed)
        values = reference.run(one.graph, one.inputs)
        outputs = [values[layer.output] for layer in one.graph.layers]
        spread += [len(np.unique(output)) > 2 and bool((abs(output + 0.5) < 127).mean() > 0.2) for output in outputs]
    assert np.mean(spread) > 0.6


@pytest.mark.parametrize("seed", SAMPLE)
def test_reference_is_tflm(seed: int) -> None:
    assert not chain.tflm_against_reference(subject(seed))


@pytest.mark.parametrize("format_name", FORMATS)
@pytest.mark.parametrize("seed", ON_HOST)
def test_kernels_on_the_host(seed: int, format_name: str) -> None:
    assert not chain.host_against_reference(subject(seed), format_name)


@pytest.mark.parametrize("seed", EMULATED)
def test_firmware_in_the_emulator(seed: int, tmp_path: Path) -> None:
    try:
        assert not chain.firmware_against_reference(subject(seed), "auto", "gcc", tmp_path)
    except ToolMissingError as error:
        pytest.skip(error.what)
