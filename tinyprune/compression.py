"""The whole way of a Keras model to a small int8 one: trained, distilled, pruned twice, fine-tuned, quantized."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinyprune.errors import TinypruneError, unknown_name
from tinyprune.frontend.dataset import Dataset, load_dataset
from tinyprune.frontend.keras_model import check_model_output, load_keras_model, save_keras_model
from tinyprune.pruning.choosing import Limits
from tinyprune.pruning.granularities import GRANULARITIES, named
from tinyprune.pruning.plan import checked
from tinyprune.pruning.pruning import check_training
from tinyprune.source import KERAS_SUFFIXES, Say, accuracy, import_pruned

Options = Mapping[str, Any]

TRAINING = ("epochs", "learning_rate")
METHOD = ("sparsity", "criterion", "granularity", "scope", "schedule", "epochs")
LIMITS = ("min_density", "min_channels", "round_to", "exclude", "layers")
PRUNING = ("learning_rate", "distillation", *METHOD, *LIMITS)
STAGES: dict[str, tuple[str, ...]] = {
    "train": TRAINING,
    "distill": (*TRAINING, "distillation", "teacher"),
    "structured": PRUNING,
    "unstructured": PRUNING,
    "fine_tune": (*TRAINING, "distillation"),
}
"""In the order in which they run, and the options of each, as `tinyprune.prune` has them; a stage may be left out.

The teacher of `distill` is a model, or a file with one. Where a later stage has a share of distillation, the teacher is
what the stages before `structured` made."""
ONLY_TRAINED = {"sparsity": 0.0, "schedule": "one_shot"}
PRESET: dict[str, Options] = {
    "train": ONLY_TRAINED,
    "distill": {**ONLY_TRAINED, "distillation": 0.5},
    "structured": {"granularity": "channel"},
    "unstructured": {},
    "fine_tune": ONLY_TRAINED,
}
"""What a stage's options are where they are not given: every stage is a pruning."""


@dataclass(frozen=True, eq=False)
class Compressed:
    """The float `model`, plain, and the int8 file made of it.

    `history` has a row for each stage: its name, the parameters, the zero weights among them (a share), and the
    accuracy of the float model on the test set. `accuracy` is that of the int8 model. Both are None without labels.
    """

    model: Any
    tflite: bytes
    accuracy: float | None
    history: tuple[dict[str, Any], ...]


def _silent(text: str, *, transient: bool = False) -> None:
    pass


def compress(
    model: Any, data: Dataset, stages: Mapping[str, Options], *, seed: int = 0, say: Say = _silent
) -> Compressed:
    """Carries the given `stages` of STAGES out, in that order, on a copy of the Keras `model`, and quantizes it.

    The same call gives the same bytes. Raises TinypruneError for what `check_stages` does, and a teacher that cannot be
    loaded, before anything is done, and for what else `tinyprune.prune` does.
    """
    check_stages(stages)
    from tinyprune.frontend.quantize import quantize

    history: list[dict[str, Any]] = []
    master = _loaded(stages["distill"]["teacher"]) if "distill" in stages else None
    teacher = model
    for name in STAGES:
        if name in stages:
            say(name)
            model, reached = _stage(
                name, stages[name], model, master if name == "distill" else teacher, data, seed, say
            )
            history.append(_row(name, model, reached))
        if name in ("train", "distill"):
            teacher = model
    say("quantizing to int8")
    tflite = quantize(model, data.calibration())
    graph = import_pruned(tflite, model.name, 0.0, "element", None)
    return Compressed(model, tflite, accuracy(graph, data), tuple(history))


def check_stages(stages: Mapping[str, Options]) -> None:
    """Raises TinypruneError for unknown stages and options, granularities in the wrong stage, and whatever of their
    values can be told to be wrong without the model, which earlier stages make."""
    if not stages:
        raise TinypruneError("the pipeline has no stages", remedy=f"known: {', '.join(STAGES)}")
    for name, options in stages.items():
        if name not in STAGES:
            raise unknown_name("stage", name, STAGES)
        for key in options:
            if key not in STAGES[name]:
                raise unknown_name(f"option of stage '{name}'", key, STAGES[name])
        if "epochs" in STAGES[name] and name not in ("structured", "unstructured") and "epochs" not in options:
            raise TinypruneError(f"stage '{name}' has no epochs", remedy="say how many")
    if "distill" in stages and "teacher" not in stages["distill"]:
        raise TinypruneError("stage 'distill' has no teacher", remedy='give a model, as in teacher = "large.keras"')
    for name, smaller in (("structured", True), ("unstructured", False)):
        _check_granularity(name, stages.get(name), smaller)
    for name, options in stages.items():
        _check_values({**PRESET[name], **options})


def _check_granularity(stage: str, options: Options | None, smaller: bool) -> None:
    if options is None:
        return
    granularity = {"granularity": "element", **PRESET[stage], **options}["granularity"]
    if bool(named(granularity).row.shrink) != smaller:
        fitting = [name for name, row in GRANULARITIES.items() if bool(row.shrink) == smaller]
        raise TinypruneError(
            f"granularity '{granularity}' is not {stage}", remedy=f"stage '{stage}' takes {', '.join(fitting)}"
        )


def _check_values(options: Options) -> None:
    def those(names: Sequence[str]) -> Options:
        return {name: options[name] for name in names if name in options}

    checked(**those(METHOD), limits=Limits(**those(LIMITS)))
    check_training(**those(("learning_rate", "distillation")))


def _stage(name: str, given: Options, model: Any, teacher: Any, data: Dataset, seed: int, say: Say) -> tuple[Any, Any]:
    """Those that only train keep the zeros that there are."""
    from tinyprune.pruning import prune

    options = {key: value for key, value in {**PRESET[name], **given}.items() if key != "teacher"}
    if PRESET[name].get("sparsity") == 0.0:
        options |= _as_sparse(model)
    if options.get("distillation"):
        options["teacher"] = teacher
    return prune(model, data, seed=seed, **options, progress=lambda text, _: say(text, transient=True))


def _as_sparse(model: Any) -> dict[str, Any]:
    """What prunes the zeros of `model` again: by magnitude they go first."""
    from tinyprune.pruning.weights import prunable_kernels

    shares = {name: float((np.asarray(kernel) == 0).mean()) for name, kernel in prunable_kernels(model).items()}
    sparse = {name: share for name, share in shares.items() if 0 < share < 1}
    return {"scope": "per_layer", "layers": sparse} if sparse else {}


def _loaded(teacher: Any) -> Any:
    if not isinstance(teacher, (str, Path)):
        return teacher
    return load_keras_model(teacher)


def _row(name: str, model: Any, reached: Any) -> dict[str, Any]:
    weights: list[NDArray[np.float32]] = model.get_weights()
    zeros = sum(int(np.count_nonzero(one == 0)) for one in weights)
    return {
        "stage": name,
        "parameters": reached.parameters_after,
        "zeros": zeros / max(1, sum(one.size for one in weights)),
        "accuracy": reached.accuracy_after,
    }


def compress_file(
    model: Path,
    data: str | None,
    stages: Mapping[str, Options],
    output: Path,
    say: Say,
    plot: Path | None = None,
    seed: int = 0,
) -> dict[str, Any]:
    """Compresses `model` into `output` (.keras), and beside it into a `.tflite` file. Returns what --json prints."""
    if plot is not None:
        raise TinypruneError("--plot draws one pruning, not a pipeline", remedy="leave it out")
    if model.suffix not in KERAS_SUFFIXES:
        raise TinypruneError(f"{model} is not a Keras model", remedy=f"give a file with {' or '.join(KERAS_SUFFIXES)}")
    check_model_output(output)
    if data is None:
        raise TinypruneError("a pipeline needs data", remedy="give --data FILE.npz with x_train and y_train")
    check_stages(stages)
    dataset = load_dataset(data)
    say("loading TensorFlow")
    result = compress(load_keras_model(model), dataset, stages, seed=seed, say=say)
    save_keras_model(result.model, output)
    tflite = output.with_suffix(".tflite")
    tflite.write_bytes(result.tflite)
    document = {"model": str(model), "output": str(output), "tflite": str(tflite), "tflite_bytes": len(result.tflite)}
    return {**document, "accuracy": result.accuracy, "stages": list(result.history)}
