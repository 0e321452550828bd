"""Random int8 models as `.tflite` bytes: residuals, branches, every clamp, odd shapes, extreme scales."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from random_operators import GENERATORS
from random_sketch import Generator, Shape, Sketch, Value
from random_weighted import CHANNELS, FEATURES

from tinyprune.ir import Int8

SIZES = (1, 2, 3, 4, 5, 7, 8, 11, 13)
MAX_OPERATORS = 16


def random_model(seed: int) -> bytes:
    """A whole model of one input and one output, a function of `seed`; seeds in turn begin with each operator."""
    sketch = Sketch(np.random.default_rng(seed))
    first = list(GENERATORS.values())[seed % len(GENERATORS)]
    start = accepted_value(sketch, first)
    first.add(sketch, start)
    for _ in range(sketch.number(0, MAX_OPERATORS - 1)):
        # mostly the newest value; else a branch starts
        x = sketch.values[-1] if sketch.chance(0.75) else sketch.values[sketch.number(0, len(sketch.values) - 1)]
        rows = [row for row in GENERATORS.values() if row.accepts(x.shape)]
        weights = np.array([row.weight for row in rows])
        rows[int(sketch.random.choice(len(rows), p=weights / weights.sum()))].add(sketch, x)
    return sketch.writer.finish([start.index], [sketch.values[-1].index])


def random_operator(name: str, seed: int, count: int) -> bytes:
    """`count` times the operator `name`, all of which read the model's input."""
    sketch = Sketch(np.random.default_rng(seed))
    start = accepted_value(sketch, GENERATORS[name])
    for _ in range(count):
        GENERATORS[name].add(sketch, start)
    return sketch.writer.finish([start.index], [sketch.values[-1].index])


def accepted_value(sketch: Sketch, generator: Generator) -> Value:
    """A first activation that `generator` can read."""
    while not generator.accepts(shape := random_shape(sketch)):
        pass
    return sketch.value(shape)


def random_shape(sketch: Sketch) -> Shape:
    """Mostly of an image; also of a vector or a sequence."""
    if sketch.chance(0.15):
        return (1, sketch.pick(FEATURES))
    if sketch.chance(0.1):
        return (1, sketch.pick(SIZES), sketch.pick(CHANNELS))
    return (1, sketch.pick(SIZES), sketch.pick(SIZES), sketch.pick(CHANNELS))


def edge_inputs(shape: Sequence[int], zero_point: int, count: int, seed: int) -> Int8:
    """(count, *shape): all lowest, all highest, all zero point, two checkers, and then random values."""
    inputs = np.random.default_rng(seed).integers(-128, 128, (count, *shape), np.int8)
    checkers = np.indices(tuple(shape)).sum(0) % 2
    edges = [np.full(shape, value) for value in (-128, 127, zero_point)]
    edges += [np.where(checkers, -128, 127), np.where(checkers, 127, zero_point)]
    for number, edge in enumerate(edges[:count]):
        inputs[number] = edge
    return inputs
