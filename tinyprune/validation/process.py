"""Runs a `.tflite` file in another interpreter: `python process.py NAME MODEL GIVEN RESULT`, in a process of its own.

GIVEN (an .npz file) holds the indices of tensors, and then an array (n, ...) for each input of the model; RESULT gets
the tensors of these indices, each (n, ...). Nothing of tinyprune is imported here. Each inference begins as after a
reset: the inputs are independent.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

ARENA_BYTES = 64 << 20

Reader = Callable[[int], Any]


def tflite_micro(content: bytes, inputs: list[Any]) -> Iterator[Reader]:
    """After each inference a function that reads a tensor."""
    from tflite_micro.python.tflite_micro import runtime  # pyright: ignore

    every: Any = runtime
    interpreter = every.Interpreter.from_bytes(
        content, arena_size=ARENA_BYTES, intrepreter_config=every.InterpreterConfig.kPreserveAllTensors
    )
    for sample in zip(*inputs, strict=True):
        interpreter.reset()
        for number, one in enumerate(sample):
            interpreter.set_input(one.reshape(interpreter.get_input_details(number)["shape"]), number)
        interpreter.invoke()
        yield lambda index: interpreter.GetTensor(index, 0)["tensor_data"]


def litert(content: bytes, inputs: list[Any]) -> Iterator[Reader]:
    """Without delegates: these keep no tensor inside of them."""
    from ai_edge_litert import interpreter as litert_interpreter  # pyright: ignore

    every: Any = litert_interpreter
    interpreter = every.Interpreter(
        model_content=content,
        experimental_op_resolver_type=every.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
        experimental_preserve_all_tensors=True,
    )
    interpreter.allocate_tensors()
    for sample in zip(*inputs, strict=True):
        interpreter.reset_all_variables()
        for one, given in zip(sample, interpreter.get_input_details(), strict=True):
            interpreter.set_tensor(given["index"], one.reshape(given["shape"]))
        interpreter.invoke()
        yield interpreter.get_tensor


RUNNERS: dict[str, Callable[[bytes, list[Any]], Iterator[Reader]]] = {
    "tflite-micro": tflite_micro,
    "ai-edge-litert": litert,
}


def main(name: str, model: str, given: str, result: str) -> None:
    with np.load(given) as arrays:
        given_indices, *inputs = (arrays[name] for name in arrays.files)
    indices = [int(index) for index in given_indices]
    values: dict[str, list[Any]] = {str(index): [] for index in indices}
    for read in RUNNERS[name](Path(model).read_bytes(), inputs):
        for index in indices:
            values[str(index)].append(np.array(read(index)))
    arrays = {index: np.stack(many) for index, many in values.items()}
    np.savez(result, **arrays)  # pyright: ignore[reportArgumentType]


if __name__ == "__main__":
    main(*sys.argv[1:])
