"""Random whole int8 models as `.tflite` bytes: residuals, branches, every clamp, odd shapes, extreme scales.

They use every operator of `random_operators.GENERATORS` that tinyprune imports.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from random_operators import CHANNELS, FEATURES, GENERATORS
from random_sketch import Sketch

from tinyprune.frontend.tflite_operators import BUILDERS
from tinyprune.ir import Int8

SIZES = (1, 2, 3, 4, 5, 7, 8, 11, 13)
MAX_LAYERS = 10


def random_model(seed: int) -> bytes:
    """A model of one input and one output, a function of `seed` and of the operators that tinyprune imports."""
    sketch = Sketch(np.random.default_rng(seed))
    flat = sketch.chance(0.15)
    image = (1, sketch.pick(SIZES), sketch.pick(SIZES), sketch.pick(CHANNELS))
    start = sketch.value((1, sketch.pick(FEATURES)) if flat else image)
    for _ in range(sketch.number(1, MAX_LAYERS)):
        # mostly the newest value; else a branch starts
        x = sketch.values[-1] if sketch.chance(0.75) else sketch.values[sketch.number(0, len(sketch.values) - 1)]
        rows = [row for name, row in GENERATORS.items() if name in BUILDERS and row.accepts(x)]
        weights = np.array([row.weight for row in rows])
        rows[int(sketch.random.choice(len(rows), p=weights / weights.sum()))].add(sketch, x)
    return sketch.writer.finish([start.index], [sketch.values[-1].index])


def edge_inputs(shape: Sequence[int], zero_point: int, count: int, seed: int) -> Int8:
    """(count, *shape): all lowest, all highest, all zero point, two checkers, and then random values."""
    inputs = np.random.default_rng(seed).integers(-128, 128, (count, *shape), np.int8)
    checkers = np.indices(tuple(shape)).sum(0) % 2
    edges = [np.full(shape, value) for value in (-128, 127, zero_point)]
    edges += [np.where(checkers, -128, 127), np.where(checkers, 127, zero_point)]
    for number, edge in enumerate(edges[:count]):
        inputs[number] = edge
    return inputs
