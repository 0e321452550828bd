"""Sensitivity from file to document: a Keras model and its data in, curves and sparsities for its layers out."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tinyprune import board as boards
from tinyprune.allocation import Allocation, allocate, check_has_costs, measured_costs
from tinyprune.errors import TinypruneError
from tinyprune.frontend.dataset import load_dataset
from tinyprune.granularity import full_name
from tinyprune.pruned_file import check_picture, matplotlib_pyplot
from tinyprune.pruning.choosing import check_sparsity
from tinyprune.pruning.granularities import named
from tinyprune.pruning.sensitivity import Sensitivity, sensitivity
from tinyprune.source import KERAS_SUFFIXES, Say

ALL_UNITS = 0.99  # a sparsity is below 1; so large a share of a few residual blocks rounds to all of them


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

    Returns what --json prints; `allocation` is None without budgets, else with the `command` that prunes by it, which
    is None if nothing has to go. `plot` is a file for a picture (PNG, SVG, PDF). Raises TinypruneError for anything the
    caller can put right; for budgets, before the curves take their time.
    """
    if model.suffix not in KERAS_SUFFIXES:
        raise TinypruneError(f"{model} is not a Keras model", remedy=f"give a file with {' or '.join(KERAS_SUFFIXES)}")
    _check_budgets(budgets, board, options.get("granularity", "element"))
    if plot is not None:
        check_picture(plot)
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
    command = allocation and _command(model, data, options.get("exclude", ()), found, allocation)
    spent = allocation and {**asdict(allocation), "command": command}
    return {"model": str(model), **asdict(found), "allocation": spent}


def _check_budgets(budgets: Mapping[str, Any], board: str | None, granularity: str) -> None:
    if "sparsity" in budgets:
        check_sparsity(budgets["sparsity"])
    if board is None:
        if set(budgets) - {"sparsity"}:
            raise TinypruneError("budgets of flash and cycles are those of a board", remedy="give --board NAME")
        return
    if not budgets:
        raise TinypruneError(
            "a board is for an allocation, and there is no budget",
            remedy="give --max-flash, --max-cycles or --sparsity, or leave --board out",
        )
    boards.load(board)
    check_has_costs(full_name(granularity))


def _command(model: Path, data: str, exclude: Sequence[str], found: Sensitivity, allocation: Allocation) -> str | None:
    """What prunes by `allocation`; None where that takes nothing.

    Granularities that take all or nothing of a layer have no share for it: there, layers are left out instead.
    """
    if not any(allocation.layers.values()):
        return None
    units = named(found.granularity)
    options = ["--data", data, "--criterion", found.criterion, "--granularity", found.granularity]
    if units.sparsity is None and not units.row.pooled:
        shares = [f"--layer={layer}={sparsity:.4f}" for layer, sparsity in allocation.layers.items() if sparsity]
        options += ["--scope", "per_layer", "--sparsity", "0", *shares]
    else:
        options += ["--sparsity", str(ALL_UNITS)] if units.row.pooled else []
        whole = [layer for layer, sparsity in allocation.layers.items() if not sparsity]
        options += [f"--exclude={layer}" for layer in (*exclude, *whole)]
    return shlex.join(["tinyprune", "prune", str(model), *options])


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
