"""Runs a `.tflite` file in TensorFlow Lite for Microcontrollers: the golden reference of every output bit.

It runs in a subprocess, as an interpreter may corrupt memory on a bad file: `python tflm.py FOLDER`, which holds
0.tflite and so on and the inputs of each in 0.npy, and gets the computed tensors in 0.npz.
"""

import importlib.util
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import tflite

from tinyprune import formats, ir
from tinyprune.frontend import tflite_file
from tinyprune.ir import Graph, Int8

ARENA_BYTES = 8 << 20


def run_tflm(content: bytes, inputs: Int8) -> dict[int, Int8]:
    """Every computed tensor and output of the file `content` by its index, each (n, ...).

    For `inputs` (n, ...), all of the file's as `edges` has them.
    """
    (values,) = run_many([(content, inputs)])
    return values


def run_many(files: Sequence[tuple[bytes, Int8]]) -> list[dict[int, Int8]]:
    """`run_tflm` of many files, in one process."""
    if importlib.util.find_spec("tflite_micro") is None:
        pytest.skip("tflite-micro is not installed (it has wheels for Linux on x86-64 only)")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for number, (content, inputs) in enumerate(files):
            (folder / f"{number}.tflite").write_bytes(content)
            np.save(folder / f"{number}.npy", inputs)
        result = subprocess.run([sys.executable, __file__, name], capture_output=True, text=True, check=False)
        assert result.returncode == 0, f"file {len(list(folder.glob('*.npz')))}: {result.stderr[-4000:]}"
        return [_outputs(folder / f"{number}.npz") for number in range(len(files))]


def _outputs(path: Path) -> dict[int, Int8]:
    with np.load(path) as arrays:
        return {int(index): arrays[index] for index in arrays.files}


def patch_weights(content: bytes, graph: Graph) -> bytes:
    """The file `content`, which `graph` was imported from, with the weights that `graph` has by now."""
    patched = bytearray(content)
    root = tflite.Model.GetRootAsModel(patched, 0)
    operators = tflite_file.read(content, graph.name).operators
    for layer, operator in zip(graph.layers, operators, strict=True):
        if isinstance(layer, ir.Weighted):
            buffer = root.Buffers(root.Subgraphs(0).Tensors(operator.inputs[1]).Buffer())
            buffer.DataAsNumpy()[:] = formats.unpack(layer.weights).reshape(-1).view(np.uint8)
    return bytes(patched)


def _main(folder: Path) -> None:
    for number in range(len(list(folder.glob("*.tflite")))):
        np.savez(folder / f"{number}.npz", **_run(folder / f"{number}.tflite", np.load(folder / f"{number}.npy")))


def _run(model: Path, inputs: Int8) -> dict[str, Int8]:
    from tflite_micro.python.tflite_micro import runtime

    content = model.read_bytes()
    file = tflite_file.read(content, "model")
    indices = {*file.outputs, *(index for operator in file.operators for index in operator.outputs)}
    keep_all = runtime.InterpreterConfig.kPreserveAllTensors
    interpreter = runtime.Interpreter.from_bytes(content, arena_size=ARENA_BYTES, intrepreter_config=keep_all)
    shapes = [interpreter.get_input_details(number)["shape"] for number in range(len(file.inputs))]
    ends = np.cumsum([np.prod(shape) for shape in shapes])
    values: dict[str, list[Int8]] = {str(index): [] for index in indices}
    for one in inputs:
        for number, part in enumerate(np.split(one.reshape(-1), ends[:-1])):
            interpreter.set_input(part.reshape(shapes[number]), number)
        interpreter.invoke()
        for index in indices:
            values[str(index)].append(interpreter.GetTensor(index, 0)["tensor_data"].copy())
    return {index: np.stack(many) for index, many in values.items()}


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
