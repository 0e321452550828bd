"""The int8 accuracy that each criterion leaves at each granularity: `python benchmarks/pruning.py [--only PATTERN]`.

The network of examples/digits is trained once for each of SEEDS, on the data's training set without a validation set
that is split off it. Every cell prunes these networks by the same recipe, with the same epochs, quantizes what comes
out, and counts the right answers of the int8 reference. The recipe was chosen on the validation set, with other seeds
than these; the test set is looked at here alone.

What is done is kept in a folder (--state), a line of `cells.jsonl` for each cell and seed, and a run that was killed
goes on from there. `--only 'element 90 %*'` limits a run to cells by pattern, `--print` writes the table of what is
there, as docs/pruning_accuracy.md has it.
"""

from __future__ import annotations

import argparse
import json
import os
import runpy
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import numpy as np

from tinyprune.frontend.dataset import Dataset, load_dataset
from tinyprune.pruning.criteria import CRITERIA
from tinyprune.pruning.granularities import GRANULARITIES, named
from tinyprune.source import accuracy, import_pruned

EXAMPLE = Path(__file__).parents[1] / "examples" / "digits"
SEEDS = (11, 12, 13, 14, 15)
SPARSITIES = (0.5, 0.8, 0.9)
VALIDATION = 250  # samples
DENSE_EPOCHS, DENSE_RATE, BATCH = 40, 3e-3, 32
EPOCHS, RATE = 20, 1e-3
FIRST = ("element", "n_m:2:4", "block:4x1", "channel")
URGENT = (0.9, 0.8)  # sparsities to measure before others: at 50 % criteria hardly differ
SKIPPED = ("head", "layer")  # the network has no attention, and one residual block


@dataclass(frozen=True)
class Cell:
    granularity: str
    sparsity: float
    criterion: str

    def __str__(self) -> str:
        return f"{self.granularity} {self.sparsity:.0%} {self.criterion}"


@dataclass(frozen=True)
class Outcome:
    """Shares of right answers, int8, of one cell and seed."""

    cell: str
    seed: int
    validation: float
    test: float


DENSE = "dense"


def cells() -> list[Cell]:
    """Those of each granularity's first pattern come first; criteria that judge channels only have none elsewhere."""
    return [
        Cell(granularity, sparsity, criterion)
        for granularity, sparsity in sorted(granularities(), key=lambda row: row[0] not in FIRST)
        for criterion, row in CRITERIA.items()
        if granularity == "channel" or not row.channels_only
    ]


def urgency(cell: Cell) -> tuple[bool, int]:
    """The lower the sooner."""
    rank = URGENT.index(cell.sparsity) if cell.sparsity in URGENT else len(URGENT)
    return cell.granularity not in FIRST, rank


def granularities() -> Iterator[tuple[str, float]]:
    """With each sparsity: N:M fixes its own, the rest come at each of SPARSITIES."""
    for name, row in GRANULARITIES.items():
        if name in SKIPPED:
            continue
        for pattern in row.patterns or ("",):
            fixed = named(f"{name}:{pattern}" if pattern else name).sparsity
            for sparsity in SPARSITIES if fixed is None else (fixed,):
                yield f"{name}:{pattern}" if pattern else name, sparsity


class Bench:
    """The networks, the data, and what is known so far."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._file = folder / "cells.jsonl"
        full = load_dataset(str(EXAMPLE / "digits.npz"))
        order = np.random.default_rng(0).permutation(len(full.x_train))
        held, rest = order[:VALIDATION], order[VALIDATION:]
        self._test = full
        self._data = Dataset(full.x_train[rest], full.y_train[rest], full.x_train[held], full.y_train[held])

    def known(self) -> dict[tuple[str, int], Outcome]:
        lines = self._file.read_text(encoding="utf-8").splitlines() if self._file.exists() else []
        rows = [Outcome(**json.loads(line)) for line in lines]
        return {(row.cell, row.seed): row for row in rows}

    def measure(self, cell: Cell | None, seed: int) -> Outcome:
        """Of the pruned network; of the dense one without a cell. Kept in the state."""
        import keras

        keras.backend.clear_session()  # else the graphs of all cells add up
        model = self._dense(seed)
        outcome = self._judged(self._pruned(model, cell, seed) if cell else model, str(cell or DENSE), seed)
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(outcome)) + "\n")
        return outcome

    def _pruned(self, model: Any, cell: Cell, seed: int) -> Any:
        from tinyprune.pruning import prune

        options: dict[str, Any] = {"criterion": cell.criterion, "granularity": cell.granularity, "seed": seed}
        if cell.granularity.startswith("n_m"):
            options["exclude"] = ["first"]  # one input channel, nine columns: no multiple of four
        return prune(model, self._data, cell.sparsity, epochs=EPOCHS, learning_rate=RATE, **options)[0]

    def _judged(self, model: Any, cell: str, seed: int) -> Outcome:
        from tinyprune.frontend.quantize import quantize

        graph = import_pruned(quantize(model, self._data.calibration()), "digits", 0.0, "element", None)
        shares = [accuracy(graph, data) for data in (self._data, self._test)]
        assert shares[0] is not None and shares[1] is not None
        return Outcome(cell, seed, shares[0], shares[1])

    def _dense(self, seed: int) -> Any:
        import keras

        file = self._folder / f"dense-{seed}.keras"
        if not file.exists():
            model = trained(self._data, seed)
            model.save(beside := file.with_suffix(".part.keras"))
            beside.replace(file)
        return keras.saving.load_model(file)


def trained(data: Dataset, seed: int) -> Any:
    """The network of the example, trained as there."""
    import keras

    from tinyprune.pruning.fine_tuning import make_deterministic

    make_deterministic(seed)
    network = runpy.run_path(str(EXAMPLE / "train.py"))["network"]
    model, x, y = network(), data.x_train, data.y_train
    assert x is not None
    rate = keras.optimizers.schedules.CosineDecay(DENSE_RATE, DENSE_EPOCHS * -(-len(x) // BATCH))
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", jit_compile=False)
    model.fit(x, y, batch_size=BATCH, epochs=DENSE_EPOCHS, verbose=0)
    plain = network()
    plain.set_weights(model.get_weights())
    return plain


def figures(known: dict[tuple[str, int], Outcome], cell: str) -> list[float]:
    """The test accuracies of a cell, in percent, by seed."""
    return [100 * known[cell, seed].test for seed in SEEDS if (cell, seed) in known]


def shown(values: Sequence[float]) -> str:
    """Mean and spread (the standard deviation over seeds); tells where seeds are missing."""
    if not values:
        return "not run yet"
    text = f"{mean(values):.1f}" + (f" ± {stdev(values):.1f}" if len(values) > 1 else "")
    return text if len(values) == len(SEEDS) else f"{text} ({len(values)} of {len(SEEDS)} seeds)"


def table(known: dict[tuple[str, int], Outcome]) -> str:
    rows: dict[tuple[str, float], dict[str, str]] = {}
    for cell in cells():
        rows.setdefault((cell.granularity, cell.sparsity), {})[cell.criterion] = shown(figures(known, str(cell)))
    lines = [
        f"Dense: {shown(figures(known, DENSE))} %.",
        "",
        "| granularity | sparsity | " + " | ".join(CRITERIA) + " |",
    ]
    lines.append("|---" * (2 + len(CRITERIA)) + "|")
    for (granularity, sparsity), found in rows.items():
        entries = [found.get(name, "-") for name in CRITERIA]
        lines.append(f"| {granularity} | {sparsity:.0%} | " + " | ".join(entries) + " |")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--state", type=Path, default=Path("build/pruning-accuracy"))
    parser.add_argument("--only", action="append", help="cells to measure, by pattern, as 'channel 50%% *'")
    parser.add_argument("--print", action="store_true", dest="only_print", help="measure nothing")
    options = parser.parse_args(arguments)
    bench = Bench(options.state)
    wanted = [cell for cell in cells() if any(fnmatchcase(str(cell), one) for one in options.only or ["*"])]
    wanted.sort(key=urgency)
    known = bench.known()
    left = [(cell, seed) for cell in (None, *wanted) for seed in SEEDS if (str(cell or DENSE), seed) not in known]
    for number, (cell, seed) in enumerate([] if options.only_print else left, 1):
        began = time.monotonic()
        row = bench.measure(cell, seed)
        took = time.monotonic() - began
        print(f"{number}/{len(left)} {row.cell}, seed {seed}: {row.test:.1%} ({took:.0f} s)", flush=True)
    print(table(bench.known()))


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    main()
