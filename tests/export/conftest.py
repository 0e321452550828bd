"""Models to export: the example, one of several inputs and outputs, one that remembers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from stateful_file import lstm_graph
from tangle import tangle

import tinyprune
from tinyprune import pipeline, reference
from tinyprune.codegen.export import export_files
from tinyprune.codegen.files import Files
from tinyprune.exporting import export

DIGITS = Path(__file__).parents[1] / "data" / "digits.tflite"


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A build of the example for a core with the DSP extension; half of its weights are zero."""
    folder = tmp_path_factory.mktemp("built") / "out"
    tinyprune.build(DIGITS, "stm32f4", sparsity=0.5, emulator="none", output=folder)
    return folder


@pytest.fixture
def exported(built: Path, tmp_path: Path) -> Callable[[str], Path]:
    def write(form: str) -> Path:
        export(built, form, tmp_path / form)
        return tmp_path / form

    return write


@pytest.fixture(scope="session")
def tangled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A build of a model with two inputs and two outputs, one of which is an input."""
    folder = tmp_path_factory.mktemp("tangled")
    (folder / "1 of two.tflite").write_bytes(tangle(["a", "b"], ["bent", "b"]))
    tinyprune.build(folder / "1 of two.tflite", "stm32f4", emulator="none", output=folder / "out")
    return folder / "out"


@pytest.fixture(scope="session")
def remembering() -> Files:
    """The library of a model with a state, whose sample is its first input."""
    graph = pipeline.lower(lstm_graph(), "auto")
    shape = graph.tensors[graph.inputs[0]].shape[1:]
    sample = np.random.default_rng(3).integers(-128, 128, (1, *shape), np.int8)
    return export_files(graph, "c", "1.0.0", sample, reference.output(graph, sample))
