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
from tinyprune.frontend.tflite_file import FileModel

INPUTS = 8
FORMATS = ("dense", "csr")
SAMPLE = range(40)
ON_HOST = range(10)
EMULATED = range(2)


def subject(seed: int) -> Subject:
    content = random_model(seed)
    graph = chain.imported(content, f"random_{seed}")
    source = graph.tensors[graph.inputs[0]]
    return Subject(content, graph, edge_inputs(source.shape[1:], source.zero_point, INPUTS, seed))


def test_a_seed_is_a_model() -> None:
    assert random_model(1) == random_model(1) != random_model(2)


def test_the_sample_has_every_operator_and_clamp() -> None:
    operators = [op for seed in SAMPLE for op in tflite_file.read(random_model(seed), "m").operators]
    assert {operator.name for operator in operators} == GENERATORS.keys()
    assert {operator.options.get("FusedActivationFunction") for operator in operators} >= {0, 1, 2, 3}


def test_a_model_has_several_operators_and_branches() -> None:
    models = [tflite_file.read(random_model(seed), "m") for seed in SAMPLE]
    assert np.mean([len(model.operators) for model in models]) > 7
    read_twice = [len(reads) > len({*reads}) for reads in map(reads_of, models)]
    assert np.mean(read_twice) > 0.5


def reads_of(model: FileModel) -> list[int]:
    reads = [index for operator in model.operators for index in operator.inputs]
    return [index for index in reads if index >= 0 and model.tensors[index].data is None]


def test_most_layers_are_neither_constant_nor_saturated() -> None:
    """Else a comparison of outputs would show little."""
    spread = list[bool]()
    for seed in SAMPLE:
        one = subject(seed)
        values = reference.run(one.graph, one.inputs)
        outputs = [values[layer.output] for layer in one.graph.layers]
        spread += [len(np.unique(output)) > 2 and bool((abs(output + 0.5) < 127).mean() > 0.2) for output in outputs]
    assert np.mean(spread) > 0.6


def test_reference_is_tflm() -> None:
    wrong = chain.all_against_tflm([subject(seed) for seed in SAMPLE])
    assert not {seed: layers for seed, layers in zip(SAMPLE, wrong, strict=True) if layers}


@pytest.mark.parametrize("format_name", FORMATS)
@pytest.mark.parametrize("seed", ON_HOST)
def test_kernels_on_the_host(seed: int, format_name: str) -> None:
    assert not chain.host_against_reference(subject(seed), format_name)


@pytest.mark.parametrize("toolchain_name", ["gcc", "zig"])
@pytest.mark.parametrize("seed", EMULATED)
def test_firmware_in_the_emulator(seed: int, toolchain_name: str, tmp_path: Path) -> None:
    try:
        assert not chain.firmware_against_reference(subject(seed), "auto", toolchain_name, tmp_path)
    except ToolMissingError as error:
        pytest.skip(error.what)
