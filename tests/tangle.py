"""A model whose tensors can be listed as its inputs and outputs in any way."""

from collections.abc import Sequence

from tflite_writer import Writer

SHAPE = (1, 3, 5)
SAME = {"scale": 0.25, "zero_point": 3}


def tangle(inputs: Sequence[str], outputs: Sequence[str]) -> bytes:
    """sum = a + b, bent = sigmoid(sum), flat = reshape(sum), with the tensors that are listed as inputs and outputs."""
    writer = Writer()
    index = {
        "a": writer.tensor("a", SHAPE, scale=0.5, zero_point=-7),
        "b": writer.tensor("b", (1, 5), scale=0.125, zero_point=100),
        "unused": writer.tensor("unused", (1, 2, 3), **SAME),
        "sum": writer.tensor("sum", SHAPE, **SAME),
        "bent": writer.tensor("bent", SHAPE, scale=1 / 256, zero_point=-128),
        "flat": writer.tensor("flat", (1, 15), **SAME),
    }
    writer.operator("ADD", [index["a"], index["b"]], [index["sum"]])
    writer.operator("LOGISTIC", [index["sum"]], [index["bent"]])
    shape = writer.tensor("shape", (2,), "INT32", data=[1, 15])
    writer.operator("RESHAPE", [index["sum"], shape], [index["flat"]])
    return writer.finish([index[name] for name in inputs], [index[name] for name in outputs])
