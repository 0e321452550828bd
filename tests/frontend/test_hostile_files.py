"""Damaged and hostile `.tflite` files: whatever is wrong with them, one clean error, soon, without much memory.

`make verify` runs more of them than the suite does.
"""

import random
import time
from pathlib import Path

from tinyprune.errors import TinypruneError
from tinyprune.pipeline import lower
from tinyprune.source import import_pruned

DATA = Path(__file__).parents[1] / "data"
LIMIT_S = 5.0
LIMIT_BYTES = 1 << 30
EXTREMES = (b"\xff\xff\xff\xff", b"\0\0\0\0", b"\xff\xff\xff\x7f", b"\0\0\0\x80", b"\1\0\0\0")
STEPS = (-8, -4, -1, 1, 4, 8)


def mutated(content: bytes, random: random.Random) -> bytes:
    """`content` with a few changes: bytes, bits, extreme words, words that move, offsets off by a little, a cut."""
    data = bytearray(content)
    for _ in range(random.choice((1, 1, 2, 3, 8))):
        place, other = random.randrange(len(data)), random.randrange(len(data))
        word = int.from_bytes(data[place : place + 4], "little")
        match random.randrange(6):
            case 0:
                data[place] = random.randrange(256)
            case 1:
                data[place] ^= 1 << random.randrange(8)
            case 2:
                data[place : place + 4] = random.choice(EXTREMES)
            case 3:
                data[place : place + 4] = data[other : other + 4]
            case 4:
                data[place : place + 4] = ((word + random.choice(STEPS)) & 0xFFFF_FFFF).to_bytes(4, "little")
            case _:
                data = data[: place + 1] if random.random() < 0.2 else data
    return bytes(data)


def import_mutants(count: int, seed: int) -> tuple[int, int, float]:
    """How many of `count` mutants were accepted and refused, and the longest time that one took, in seconds."""
    choice = random.Random(seed)
    contents = [file.read_bytes() for file in sorted(DATA.glob("*.tflite"))]
    accepted = refused = 0
    worst_s = 0.0
    for _ in range(count):
        content = mutated(choice.choice(contents), choice)
        start_s = time.perf_counter()
        try:
            lower(import_pruned(content, "mutant", 0.0, "element", None), "auto")
            accepted += 1
        except TinypruneError:
            refused += 1
        worst_s = max(worst_s, time.perf_counter() - start_s)
    return accepted, refused, worst_s


def test_mutants_end_in_a_graph_or_a_clean_error() -> None:
    accepted, refused, worst_s = import_mutants(3000, seed=1)
    assert accepted > 300 and refused > 300  # both kinds are there
    assert worst_s < LIMIT_S
