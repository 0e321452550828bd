"""Layers that remember: LSTM and SVDF, in the variants that TFLM computes with integers."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from tinyprune import ir
from tinyprune.errors import UnsupportedModelError
from tinyprune.frontend.tflite_operators import Source
from tinyprune.ir import Clamp, Int8, Layer, Quant
from tinyprune.stateful import Gate, State

TANH = 4  # ActivationFunctionType
WHOLE: Clamp = (-128, 127)
LSTM_INPUTS = 24
# places among the inputs, as in TFLM's lstm_shared.h; the four gates follow each other: input, forget, cell, output
INPUT_WEIGHTS, RECURRENT_WEIGHTS, BIASES, HIDDEN, CELL = 1, 5, 12, 18, 19
VARIANTS = {
    "peephole connections": range(9, 12),
    "a projection": range(16, 18),
    "layer normalization": range(20, 24),
}
BIAS_TOLERANCE = 1e-5  # of an SVDF's bias scale, in TFLM

INT_BITS = {"INT8": 8, "INT16": 16}


def lstm(source: Source) -> Layer:
    refuse_variants(source)
    x, y, name = source.input(), source.output(), source.name("lstm")
    gates = gate(source, 0), gate(source, 1), gate(source, 2), gate(source, 3)
    units, inputs = gates[0].input_weights.shape
    time_major = bool(source.options["TimeMajor"])
    shape = source.shape_in(0)
    if len(shape) != 3 or shape[2] != inputs or source.shape_out(0) != (*shape[:2], units):
        raise source.error(f"has weights {[units, inputs]} from {list(shape)} to {list(source.shape_out(0))}")
    steps, batches = shape[:2] if time_major else shape[1::-1]
    hidden = state(source, HIDDEN, f"{name}_hidden", (batches, units), ("INT8",))
    cell = state(source, CELL, f"{name}_cell", (batches, units), ("INT16",))
    clamp = cell_clamp(source, cell)
    return ir.Lstm(name, x.name, y.name, gates, hidden, cell, clamp, steps, time_major)


def refuse_variants(source: Source) -> None:
    given = source.operator.inputs
    if len(given) != LSTM_INPUTS:
        raise source.error(f"has {len(given)} inputs; the {LSTM_INPUTS} of a standard LSTM are supported")
    found = [name for name, places in VARIANTS.items() if any(given[place] >= 0 for place in places)]
    if given[INPUT_WEIGHTS] < 0:
        found.append("a coupled input and forget gate (CIFG)")
    if found:
        raise refused(source, f"has {' and '.join(found)}, which TFLM does not compute")
    if source.options["FusedActivationFunction"] != TANH:
        raise refused(source, f"has activation {source.options['FusedActivationFunction']}; TANH is supported")


def refused(source: Source, problem: str) -> UnsupportedModelError:
    return UnsupportedModelError(
        source.error(problem).what, remedy="use keras.layers.LSTM as it is (activation tanh), quantized to int8"
    )


def gate(source: Source, number: int) -> Gate:
    input_weights, input_scale = weights(source, INPUT_WEIGHTS + number)
    recurrent_weights, recurrent_scale = weights(source, RECURRENT_WEIGHTS + number)
    bias = source.constant(BIASES + number, "INT32").astype(np.int32)
    return Gate(input_weights, input_scale, recurrent_weights, recurrent_scale, bias)


def weights(source: Source, position: int) -> tuple[Int8, float]:
    values = source.constant(position, "INT8").astype(np.int8)
    if values.ndim != 2 or 0 in values.shape:
        raise source.error(f"has input {position} of shape {list(values.shape)}, not a matrix")
    return values, one_scale(source, position).scale[0]


def one_scale(source: Source, position: int) -> Quant:
    """The scale of a constant, whose zero point is 0, or of a variable."""
    tensor = source.file_tensors[source.index(position)]
    if len(tensor.scale) != 1 or tensor.scale[0] == 0 or len(tensor.zero_point) > 1:
        raise source.error(f"has input {position} ('{tensor.name}') not quantized with one scale")
    if any(tensor.zero_point) and not tensor.is_variable:
        raise source.error(f"has input {position} ('{tensor.name}') with a zero point other than 0")
    return Quant(tensor.scale, tensor.zero_point[0] if tensor.zero_point else 0)


def state(source: Source, position: int, name: str, shape: tuple[int, ...], kinds: tuple[str, ...]) -> State:
    """The variable tensor at `position`; TFLM looks at its size alone."""
    tensor = source.file_tensors[source.index(position)]
    if not tensor.is_variable or tensor.data is not None or source.index(position) in source.activations:
        raise source.error(f"has input {position} ('{tensor.name}'), which is not a variable")
    if tensor.type not in kinds:
        raise source.error(f"has a state '{tensor.name}' of {tensor.type}; {' and '.join(kinds)} is supported")
    if math.prod(tensor.shape) != math.prod(shape):
        raise source.error(f"has a state '{tensor.name}' of shape {list(tensor.shape)}, not {list(shape)}")
    quant = one_scale(source, position)
    if not -128 <= quant.zero_point <= 127:
        raise source.error(f"has a state '{tensor.name}' with zero point {quant.zero_point}, outside int8")
    return State(name, shape, INT_BITS[tensor.type], quant)


def cell_clamp(source: Source, cell: State) -> Clamp:
    """TFLM's `CreateLstmCellStateInfo`: a clip of 0 is none, and one that is given is the same on both sides."""
    clip = float(source.options["CellClip"])
    if not clip > 0:
        return cell.range
    bound = int(min(clip / cell.quant.scale[0], float(cell.range[1])))
    return -bound, bound


def svdf(source: Source) -> Layer:
    """An integer SVDF of TFLM applies no activation but the saturation to int8."""
    x, y, name = source.input(), source.output(), source.name("svdf")
    feature_weights, feature_scale = weights(source, 1)
    time_type = source.file_tensors[source.index(2)].type
    if time_type not in INT_BITS:
        raise source.error(f"has {time_type} time weights; INT8 and INT16 are supported")
    time_weights = source.constant(2, time_type).astype(np.int8 if time_type == "INT8" else np.int16)
    filters, rank, shape = len(feature_weights), int(source.options["Rank"]), source.shape_in(0)
    if rank < 1 or filters % rank or time_weights.ndim != 2 or 0 in time_weights.shape or len(shape) != 2:
        raise source.error(f"has rank {rank}, {filters} filters, time weights {list(time_weights.shape)}")
    if source.clamp() != WHOLE:
        raise source.error("has a fused activation that TFLM ignores for this output zero point")
    memory = state(source, 4, f"{name}_state", (shape[0], filters, time_weights.shape[1]), (time_type,))
    time_scale = one_scale(source, 2).scale[0]
    bias = source.bias(filters // rank, position=svdf_bias(source, memory.quant.scale[0] * time_scale))
    return ir.Svdf(name, x.name, y.name, feature_weights, feature_scale, time_weights, time_scale, bias, memory)


def svdf_bias(source: Source, scale: float) -> int:
    """Its place among the inputs, after the checks that TFLM makes."""
    given = source.file_tensors[source.index(3)].scale
    if len(given) != 1 or abs(given[0] - scale) >= BIAS_TOLERANCE:
        raise source.error(f"has a bias of scale {list(given)}, not {scale:g}: state times time weights")
    return 3


BUILDERS: dict[str, Callable[[Source], Layer]] = {"UNIDIRECTIONAL_SEQUENCE_LSTM": lstm, "SVDF": svdf}
