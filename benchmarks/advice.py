"""How well `advise` foretells builds: `TINYPRUNE_MODELS=DIR python benchmarks/advice.py [MODEL ...] [--board B]`.

The `.h5` files of MLPerf Tiny (`DIR/mlperf_tiny/{ic,ad,vww}.h5`) lose half of their channels, and 80 % of their
weights, by `tinyprune.prune` in one shot, are quantized, built, and run in the emulator; `advise` was asked before.
Calibrated with random samples and not fine-tuned, these models answer nothing well: this is about what they take.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tinyprune import pipeline
from tinyprune.advice import advise
from tinyprune.pruned_file import prune_file
from tinyprune.report.report import Report

MODELS = ("ic", "ad", "vww")
OPTIONS = (("channel", 0.5), ("element", 0.8))
SAMPLES = 8


def built(model: Path, option: tuple[str, float], board: str) -> Report:
    """The firmware of the pruned model."""
    from tinyprune.frontend.keras_model import load_keras_model

    granularity, sparsity = option
    with tempfile.TemporaryDirectory() as folder:
        pruned, data = Path(folder) / f"{model.stem}.keras", Path(folder) / "data.npz"
        prune_file(model, None, {"sparsity": sparsity, "granularity": granularity, "schedule": "one_shot"}, pruned, say)
        shape = load_keras_model(model).input_shape[1:]
        np.savez(data, x_train=np.random.default_rng(1).normal(size=(SAMPLES, *shape)).astype(np.float32))
        return pipeline.build(pruned, board, data=str(data), output=Path(folder) / "build", say=say)


def say(text: str, *, transient: bool = False) -> None:
    if not transient:
        print(text, file=sys.stderr, flush=True)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", default=MODELS)
    parser.add_argument("--board", default="stm32f4")
    options = parser.parse_args(arguments)
    folder = Path(os.environ["TINYPRUNE_MODELS"]) / "mlperf_tiny"
    print("| model | pruned by | cycles | foretold | off | flash | foretold | off | same bits |")
    print("|---|---|---|---|---|---|---|---|---|")
    for name in options.models:
        told = advise(folder / f"{name}.h5", options.board, options=OPTIONS, say=say)
        print(f"| {name} | unpruned | | {told.unpruned.total.cycles:,} | | | {told.unpruned.total.flash_bytes:,} | | |")
        for option, foretold in zip(OPTIONS, told.options, strict=True):
            report = built(folder / f"{name}.h5", option, options.board)
            assert report.cycles is not None and foretold.total.cycles is not None
            pairs = ((report.cycles, foretold.total.cycles), (report.flash.total, foretold.total.flash_bytes))
            cells = " | ".join(f"{real:,} | {said:,} | {said / real - 1:+.1%}" for real, said in pairs)
            exact = "yes" if report.bit_exact else "NO"
            print(f"| {name} | {option[0]} {option[1]:.0%} | {cells} | {exact} |", flush=True)


if __name__ == "__main__":
    main()
