"""What goes as one piece when weights are pruned: the names and patterns that all of pruning shares."""

from __future__ import annotations

import re

from tinyprune.errors import TinypruneError

Pattern = tuple[int, int]

PATTERNS = {"n_m": ("2:4", "1:4", "4:8"), "block": ("4x1", "2x2", "4x2", "1x4")}
"""By granularity the patterns that it may have, the default first: at most N of M consecutive inputs of an output
channel; output channels x consecutive inputs."""


def full_name(text: str) -> str:
    """The granularity and its pattern, as in n_m:2:4 and block:4x1. 2:4 and block_4x1 are short for these; n_m and
    block alone have their first pattern; any other text stays as it is."""
    if re.fullmatch(r"\d+:\d+", text):
        text = f"n_m:{text}"
    elif text.startswith("block_"):
        text = text.replace("_", ":", 1)
    return f"{text}:{PATTERNS[text][0]}" if text in PATTERNS else text


def numbers(pattern: str) -> Pattern:
    """N and M, or rows and columns; (1, 1) of a pattern of "": single weights."""
    first, _, second = pattern.replace("x", ":").partition(":")
    return (int(first), int(second)) if pattern else (1, 1)


def check_fixed_sparsity(granularity: str, sparsity: float) -> None:
    """Raises TinypruneError where `granularity`, a full name, leaves another sparsity. Names that are unknown pass."""
    name, _, pattern = granularity.partition(":")
    if name != "n_m" or pattern not in PATTERNS[name]:
        return
    kept, run = numbers(pattern)
    if sparsity != 1 - kept / run:
        raise TinypruneError(
            f"granularity {granularity} is a sparsity of {1 - kept / run}, not {sparsity}",
            remedy=f"give {1 - kept / run}",
        )
