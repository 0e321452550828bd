"""Names of granularities, short and long, and the sparsity that some of them fix."""

import pytest

from tinyprune.errors import TinypruneError
from tinyprune.granularity import check_fixed_sparsity, full_name, numbers
from tinyprune.passes.prune_weights import check_granularity
from tinyprune.pruning.granularities import named


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
    with pytest.raises(TinypruneError, match=r"(?s)n_m:1:4 is a sparsity of 0.75, not 0.5.*give 0.75"):
        check_fixed_sparsity("n_m:1:4", 0.5)


@pytest.mark.parametrize("text", ["n_m:3:4", "n_m:1:0", "n_m:2.5", "n_m:", "block:", "block:0x0", "3:0"])
def test_what_is_no_pattern_is_refused_as_that_whatever_the_sparsity(text: str) -> None:
    check_fixed_sparsity(full_name(text), 0.5)
    with pytest.raises(TinypruneError, match=r"(?s)unknown granularity '(n_m|block):.*known: block:1x4"):
        check_granularity(full_name(text), 0.5)
    with pytest.raises(TinypruneError, match=r"(?s)unknown pattern of granularity '(n_m|block)'.*known: "):
        named(text)
