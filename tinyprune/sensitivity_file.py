"""Sensitivity from file to document: a Keras model and its data in, curves and sparsities for its layers out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tinyprune.allocation import Allocation, allocate, measured_costs
from tinyprune.errors import TinypruneError
from tinyprune.frontend.dataset import load_dataset
from tinyprune.pruned_file import matplotlib_pyplot
from tinyprune.pruning.sensitivity import Sensitivity, sensitivity
from tinyprune.source import KERAS_SUFFIXES, Say


def measure_file(
    model: Path,
    data: str,
    options: Mapping[str, Any],
    budgets: Mapping[str, Any],
    board: str | None,
    say: Say,
    plot: Path | None = None,
) -> dict[str, Any]:
    """The curves of `model` by the arguments `options` of `sensitivity`, and the sparsities by `budgets` of `allocate`.

    Returns what --json prints; `allocation` is None without budgets. `plot` is a file for a picture (PNG, SVG, PDF).
    Raises TinypruneError for anything the caller can put right.
    """
    if model.suffix not in KERAS_SUFFIXES:
        raise TinypruneError(f"{model} is not a Keras model", remedy=f"give a file with {' or '.join(KERAS_SUFFIXES)}")
    if board is None and (set(budgets) - {"sparsity"}):
        raise TinypruneError("budgets of flash and cycles are those of a board", remedy="give --board NAME")
    if plot is not None:
        matplotlib_pyplot()
    dataset = load_dataset(data)
    say("loading TensorFlow")
    from tinyprune.frontend.keras_model import load_keras_model

    loaded = load_keras_model(model)
    say("pruning layers one by one")
    found = sensitivity(loaded, dataset, **options, progress=lambda text, _: say(text, transient=True))
    allocation = None
    if budgets:
        costs = measured_costs(loaded, dataset, found, board, say) if board else None
        allocation = allocate(found, **budgets, costs=costs)
    if plot is not None:
        _plot(found, plot)
    return _document(model, found, allocation)


def _document(model: Path, found: Sensitivity, allocation: Allocation | None) -> dict[str, Any]:
    return {"model": str(model), **asdict(found), "allocation": allocation and asdict(allocation)}


def _plot(found: Sensitivity, file: Path) -> None:
    """A curve for each layer."""
    pyplot = matplotlib_pyplot()
    figure, axes = pyplot.subplots(figsize=(8, 5), layout="constrained")
    for curve in found.curves:
        percent = [[100 * value for value in values] for values in (curve.sparsities, curve.accuracies)]
        axes.plot(*percent, marker="o", label=curve.layer)
    axes.set(xlabel="sparsity of the layer alone, %", ylabel="accuracy, %")
    axes.legend()
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file)
    pyplot.close(figure)
