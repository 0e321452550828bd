"""A sample of what `make verify` asserts of every MLPerf model and 200 random graphs."""

from pathlib import Path

import pytest
from never_above import OBJECTIVES, above_dense
from random_models import random_model

DIGITS = Path(__file__).parents[1] / "data" / "digits.tflite"


@pytest.mark.slow
@pytest.mark.parametrize("sparsity", [0.0, 0.5, 0.9])
def test_the_example_is_never_above_dense(sparsity: float, tmp_path: Path) -> None:
    assert above_dense(DIGITS.read_bytes(), "digits", sparsity, tmp_path) == (len(OBJECTIVES), {})


@pytest.mark.slow
@pytest.mark.parametrize("seed", [2, 7])
def test_random_models_are_never_above_dense(seed: int, tmp_path: Path) -> None:
    compared, wrong = above_dense(random_model(seed), f"random_{seed}", 0.7, tmp_path)
    assert (compared, wrong) == (len(OBJECTIVES), {})
