"""Runs many `.tflite` files in tflite-micro: `python tflm_batch.py FOLDER COUNT`.

The folder holds 0.tflite and so on, and inputs.npy, the one input of each; outputs.npy gets their outputs (COUNT, ...).
"""

import sys
from pathlib import Path

import numpy as np
from tflite_micro.python.tflite_micro import runtime


def run(content: bytes, inputs: np.ndarray) -> np.ndarray:
    interpreter = runtime.Interpreter.from_bytes(content, arena_size=1 << 16)
    interpreter.set_input(inputs, 0)
    interpreter.invoke()
    return interpreter.get_output(0).reshape(-1)


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    given = np.load(folder / "inputs.npy")
    files = [folder / f"{number}.tflite" for number in range(int(sys.argv[2]))]
    np.save(folder / "outputs.npy", np.stack([run(file.read_bytes(), given) for file in files]))
