"""Limits by themselves: what is a limit, and what it comes to."""

import pytest

from tinyprune.errors import TinypruneError
from tinyprune.limits.limit import parse, parse_accuracy


@pytest.mark.parametrize(
    ("text", "before", "bound"),
    [
        ("65536", None, 65_536),
        ("64K", None, 65_536),
        ("1M", None, 1 << 20),
        ("1.5K", None, 1536),
        ("+0", 1000, 1000),
        ("+2%", 1000, 1020),
        ("+2%", 149, 151),  # 151.98: what is above is too much
        ("+0.1%", 1000, 1001),
        ("-5%", 1000, 950),
        ("+512", 1000, 1512),
        ("+1K", 1000, 2024),
        ("-100", 1000, 900),
    ],
)
def test_what_a_limit_comes_to(text: str, before: int | None, bound: int) -> None:
    limit = parse(text)
    assert limit.bound(before) == bound and limit.relative == (before is not None)
    assert limit.allows(bound, before) and not limit.allows(bound + 1, before)


@pytest.mark.parametrize("text", ["", "2%", "64KB", "1.5", "+", "++1", "1e3", "+2 %", "many"])
def test_what_is_no_limit(text: str) -> None:
    with pytest.raises(TinypruneError, match="is not a limit"):
        parse(text)


@pytest.mark.parametrize(
    ("text", "before", "bound"),
    [("97%", None, 0.97), ("0.97", None, 0.97), ("1", None, 1), ("-0.5%", 0.98, 0.975), ("-0.01", 0.98, 0.97)],
)
def test_what_an_accuracy_comes_to(text: str, before: float | None, bound: float) -> None:
    limit = parse_accuracy(text)
    assert limit.bound(before) == bound
    assert limit.allows(bound, before) and limit.allows(1, before) and not limit.allows(bound - 1e-9, before)


@pytest.mark.parametrize("text", ["97", "+1%", "101%", "1.01", "good"])
def test_what_is_no_accuracy(text: str) -> None:
    with pytest.raises(TinypruneError, match="is not an accuracy"):
        parse_accuracy(text)
