"""Pruning from file to file: a Keras model and its data in, a Keras model and a document of what was done out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tinyprune.errors import TinypruneError, ToolMissingError
from tinyprune.frontend.dataset import load_dataset
from tinyprune.frontend.keras_model import check_model_output, load_keras_model, save_keras_model
from tinyprune.source import KERAS_SUFFIXES, Say

if TYPE_CHECKING:
    from tinyprune.pruning import PruningResult


def prune_file(
    model: Path, data: str | None, options: Mapping[str, Any], output: Path, say: Say, plot: Path | None = None
) -> dict[str, Any]:
    """Prunes `model` with the arguments `options` of `tinyprune.prune`, and writes it to `output`.

    Returns what --json prints. `plot` is a file for a picture of it (PNG, SVG, PDF). Raises TinypruneError for anything
    the caller can put right; nothing is written then.
    """
    if model.suffix not in KERAS_SUFFIXES:
        raise TinypruneError(f"{model} is not a Keras model", remedy=f"give a file with {' or '.join(KERAS_SUFFIXES)}")
    check_model_output(output)
    if plot is not None:
        check_picture(plot)
    dataset = load_dataset(data) if data else None
    say("loading TensorFlow")
    from tinyprune.pruning import prune

    loaded = load_keras_model(model)
    say("pruning")
    pruned, result = prune(loaded, dataset, **options, progress=lambda text, _: say(text, transient=True))
    save_keras_model(pruned, output)
    if plot is not None:
        _plot(result, plot)
    return _document(model, output, options, result)


def _document(model: Path, output: Path, options: Mapping[str, Any], result: PruningResult) -> dict[str, Any]:
    return {
        "model": str(model),
        "output": str(output),
        "options": dict(options),
        "parameters_before": result.parameters_before,
        "parameters_after": result.parameters_after,
        "accuracy_before": result.accuracy_before,
        "accuracy_after": result.accuracy_after,
        "layers": [{"name": name, "sparsity": sparsity} for name, sparsity in result.sparsity.items()],
        "groups": [{"name": name, "kept": kept, "of": total} for name, (kept, total) in result.kept.items()],
        "history": result.history,
    }


def matplotlib_pyplot() -> Any:
    """Raises ToolMissingError where it is not installed."""
    try:
        import matplotlib
        from matplotlib import pyplot
    except ImportError as error:
        raise ToolMissingError("--plot needs matplotlib", remedy="pip install 'tinyprune[report]'") from error
    matplotlib.use("agg")
    return pyplot


def check_picture(file: Path) -> None:
    """Raises TinypruneError where matplotlib is missing, or writes no files of this kind."""
    matplotlib_pyplot()
    from matplotlib.backend_bases import FigureCanvasBase

    kinds = FigureCanvasBase.get_supported_filetypes()
    if file.suffix.removeprefix(".") not in kinds:
        raise TinypruneError(f"{file} is no picture", remedy=f"give a file that ends in .{', .'.join(sorted(kinds))}")


def _plot(result: PruningResult, file: Path) -> None:
    """The sparsity of each layer; and the accuracy, or the loss, after each step."""
    pyplot = matplotlib_pyplot()
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(11, 4), layout="constrained")
    left.barh(list(result.sparsity), [100 * sparsity for sparsity in result.sparsity.values()])
    left.invert_yaxis()
    left.set(xlabel="sparsity of the layer, %", xlim=(0, 100))
    known = "accuracy" if any("accuracy" in row for row in result.history) else "loss"
    rows = [row for row in result.history if known in row]
    right.plot([100 * row["sparsity"] for row in rows], [row[known] for row in rows], marker="o")
    right.set(xlabel="target sparsity after the step, %", ylabel=known)
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file)
    pyplot.close(figure)
