"""Names of granularities, short and long, and the sparsity that some of them fix."""

import pytest

from tinyprune.errors import TinypruneError
from tinyprune.granularity import check_fixed_sparsity, full_name, numbers


@pytest.mark.parametrize(
    ("text", "full"),
    [
        ("2:4", "n_m:2:4"),
        ("n_m", "n_m:2:4"),
        ("n_m:4:8", "n_m:4:8"),
        ("block", "block:4x1"),
        ("block_2x2", "block:2x2"),
        ("block:1x4", "block:1x4"),
        ("element", "element"),
        ("blokc", "blokc"),
    ],
)
def test_full_name(text: str, full: str) -> None:
    assert full_name(text) == full_name(full) == full


def test_patterns_as_numbers() -> None:
    assert [numbers(pattern) for pattern in ("2:4", "4x1", "")] == [(2, 4), (4, 1), (1, 1)]


def test_a_pattern_that_fixes_the_sparsity_takes_no_other() -> None:
    check_fixed_sparsity("n_m:1:4", 0.75)
    check_fixed_sparsity("block:4x1", 0.3)
    with pytest.raises(TinypruneError, match=r"(?s)n_m:1:4 is a sparsity of 0.75, not 0.5.*--sparsity 0.75"):
        check_fixed_sparsity("n_m:1:4", 0.5)
