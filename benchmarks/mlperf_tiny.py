"""The MLPerf Tiny models, dense and pruned, on boards of three cores, beside what others have published.

    python benchmarks/mlperf_tiny.py --models DIRECTORY [--model kws] [--board nucleo-l4r5zi] [--weights dense] [--json]

DIRECTORY holds `ad.tflite`, `ic.tflite`, `kws.tflite` and `vww.tflite` of github.com/mlcommons/tiny. Pruned weights are
the real ones, the smallest of each layer set to zero: accuracy is not the question here. Each row is written to
docs/mlperf_tiny.json once it is measured, and not measured again until --again; docs/mlperf_tiny.md and its picture
(with matplotlib) are made from all rows there.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import mlperf_tiny_page

import tinyprune
from tinyprune.errors import BudgetError

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "docs" / "mlperf_tiny.json"
MODELS = ("ad", "kws", "vww", "ic")
BOARDS = ("nucleo-l4r5zi", "nucleo-g0b1re", "stm32f1")


@dataclass(frozen=True)
class Weights:
    sparsity: float
    granularity: str


WEIGHTS = {
    "dense": Weights(0.0, "element"),
    "80 %": Weights(0.8, "element"),
    "90 %": Weights(0.9, "element"),
    "80 % blocks": Weights(0.8, "block"),
    "90 % blocks": Weights(0.9, "block"),
}
BLOCKS = {"ad": "block_4x1", "kws": "block_2x2", "vww": "block_2x2", "ic": "block_2x2"}
"""Fully connected layers run blocks of 4x1 fastest, convolutions those of 2x2."""


@dataclass(frozen=True)
class Row:
    """`problem` says why a model is not on a board; then there are no figures."""

    model: str
    board: str
    weights: str
    problem: str = ""
    bit_exact: bool | None = None
    instructions: int | None = None
    core_cycles: int | None = None
    flash_stalls: int | None = None
    cycles: int | None = None
    flash: int | None = None
    sram: int | None = None
    toolchain: str = ""
    cycle_model: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        return self.model, self.board, self.weights


def measured(model: str, board: str, weights: str, models: Path, toolchain: str) -> Row:
    """Built, emulated, and held against the reference."""
    asked = WEIGHTS[weights]
    granularity = BLOCKS[model] if asked.granularity == "block" else asked.granularity
    with tempfile.TemporaryDirectory() as folder:
        try:
            report = tinyprune.build(
                models / f"{model}.tflite",
                board,
                sparsity=asked.sparsity,
                granularity=granularity,
                toolchain=toolchain,
                output=Path(folder) / "build",
            )
        except BudgetError as error:
            return Row(model, board, weights, problem=error.what)
    return Row(
        model,
        board,
        weights,
        bit_exact=report.bit_exact,
        instructions=report.instructions,
        core_cycles=report.core_cycles,
        flash_stalls=report.flash_stalls,
        cycles=report.cycles,
        flash=report.flash.total,
        sram=report.sram.total,
        toolchain=f"{report.toolchain.name} {report.toolchain.version}",
        cycle_model=report.cycle_model.claim if report.cycle_model else "",
    )


def load() -> dict[tuple[str, str, str], Row]:
    if not RESULTS.exists():
        return {}
    rows = [Row(**one) for one in json.loads(RESULTS.read_text(encoding="utf-8"))]
    return {row.key: row for row in rows}


def save(rows: Mapping[tuple[str, str, str], Row]) -> list[Row]:
    """In the order of the tables, whatever the order of measuring."""
    keys = [(model, board, weights) for board in BOARDS for model in MODELS for weights in WEIGHTS]
    ordered = [rows[key] for key in keys if key in rows]
    text = json.dumps([dataclasses.asdict(row) for row in ordered], indent=1)
    RESULTS.write_text(text + "\n", encoding="utf-8")
    return ordered


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=Path, required=True, help="the directory of the four .tflite files")
    parser.add_argument("--model", nargs="+", choices=MODELS, default=[*MODELS])
    parser.add_argument("--board", nargs="+", choices=BOARDS, default=[*BOARDS])
    parser.add_argument("--weights", nargs="+", choices=WEIGHTS, default=[*WEIGHTS])
    parser.add_argument("--toolchain", choices=["gcc", "zig"], default="gcc")
    parser.add_argument("--again", action="store_true", help="measure rows that are there, too")
    parser.add_argument("--json", action="store_true", help="all rows on stdout")
    options = parser.parse_args(arguments)
    rows = load()
    wanted = [(m, b, w) for b in options.board for m in options.model for w in options.weights]
    missing = [key for key in wanted if options.again or key not in rows]
    for number, (model, board, weights) in enumerate(missing, 1):
        print(f"{number} of {len(missing)}: {model}, {weights}, {board}", file=sys.stderr, flush=True)
        row = measured(model, board, weights, options.models, options.toolchain)
        rows[row.key] = row
        save(rows)
    ordered = save(rows)
    mlperf_tiny_page.write([dataclasses.asdict(row) for row in ordered])
    if options.json:
        print(json.dumps([dataclasses.asdict(row) for row in ordered], indent=2))


if __name__ == "__main__":
    main()
